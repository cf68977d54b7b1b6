import { describe, expect, test } from "vitest";
import { Queue } from "../src/queue.js";
import { checklistOf, readAck, readConfirmation, readUttered, sourcesOf } from "../src/protocol.js";

const ODD = [undefined, null, 0, "", "x", true, [], {}, { id: "1" }, { id: NaN }, [1]];

describe("what the server says", () => {
  test.each(ODD.map((value) => [JSON.stringify(value) ?? "undefined", value]))("odd message %s is none", (_, value) => {
    expect(readUttered(value)).toBeUndefined();
    expect(readConfirmation(value)).toBeUndefined();
    expect(readAck(value).status).toBe("fault");
  });

  test("a message with odd fields is read as far as it goes", () => {
    const read = readUttered({ id: 5, from: "king", text: 7, buttons: [{ title: "a" }, null, { title: "b", payload: "~b" }], custom: "x", client_id: 3 });
    expect(read).toEqual({ id: 5, from: "bot", text: "", language: "", buttons: [{ title: "b", payload: "~b", intent: "" }], custom: {}, at: "", partnerName: "", clientId: undefined });
  });

  test("sources lead to web addresses only", () => {
    expect(sourcesOf({ sources: [{ title: "a", url: "https://a.example" }, { title: "b", url: "javascript:x" }, null] })).toEqual([{ title: "a", url: "https://a.example" }]);
  });

  test("a checklist", () => {
    expect(checklistOf({ type: "checklist", title: "T", items: [{ title: "a", text: "b", when: "c" }, {}, "x"] })).toEqual({ title: "T", items: [{ title: "a", text: "b", topic: undefined, when: "c" }] });
    expect(checklistOf({ type: "answer" })).toBeUndefined();
  });

  test("a confirmation without its parts takes defaults", () => {
    expect(readConfirmation({ session: "s" })).toMatchObject({ session: "s", resumed: false, lastId: 0, longest: 2000, title: {}, look: {} });
  });
});

describe("queue", () => {
  const item = (id: string, more = {}) => ({ event: "user_uttered" as const, data: { client_id: id, message: id, ...more }, tries: 0 });

  test("keeps its order over a reload, and nothing of a form", () => {
    const queue = new Queue();
    queue.clear();
    queue.add(item("a"));
    queue.add({ event: "form_submit", data: { client_id: "f", values: { email: "hanako@example.jp" } }, tries: 0 });
    queue.add(item("b"));
    expect(JSON.stringify({ ...sessionStorage })).not.toContain("hanako");
    expect(new Queue().all.map((each) => each.data.client_id)).toEqual(["a", "b"]);
    queue.remove("a");
    queue.remove("b");
    queue.remove("f");
    expect(new Queue().first).toBeUndefined();
    expect(sessionStorage.getItem("nrw-chat-queue")).toBeNull();
  });

  test("in a new session buttons become their words", () => {
    const queue = new Queue();
    queue.add(item("a", { message: "~token", title: "Ja" }));
    queue.forNewSession();
    expect(queue.first?.data).toEqual({ client_id: "a", message: "Ja" });
    queue.clear();
  });

  test("rubbish in the storage is left alone", () => {
    for (const rubbish of ["{", "7", '[{"event":"x"}]', '[{"event":"user_uttered"}]']) {
      sessionStorage.setItem("nrw-chat-queue", rubbish);
      expect(new Queue().first).toBeUndefined();
    }
    sessionStorage.clear();
  });
});
