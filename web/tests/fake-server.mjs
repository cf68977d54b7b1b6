// A small server that speaks the chat's protocol and answers by a script, for developing and testing the widget alone.
// node tests/fake-server.mjs [port]; pages: /demo/de, /demo/ja, /demo/en, with ?attribute=value for the element.
// POST /control with JSON: {staff: text} sends a person's reply to every session, {typing: bool}, {hang: bool} to
// keep quiet, {kill: true} to drop all connections and forget nothing, {log: true} to get what arrived.
import { createServer } from "node:http";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { Server } from "socket.io";

const port = Number(process.argv[2] ?? 5173);
const dist = new URL("../dist/", import.meta.url);
const sessions = new Map();
const arrived = [];
let quiet = false;

const W = {
  de: {
    page: ["Stadt Musterhausen", "Wirtschaft und Ansiedlung", "Sie möchten mit Ihrem Unternehmen nach Nordrhein-Westfalen kommen? Wir unterstützen Sie bei der Suche nach Räumen, bei Behördengängen und beim Aufbau Ihres Netzwerks."],
    greet: "Guten Tag! Ich bin der digitale Assistent des Netzwerks Tokyo–Nordrhein-Westfalen, also ein **Programm**, kein Mensch.\n\nIch beantworte Fragen zu Gründung, Steuern, Aufenthalt und Leben, mit geprüften Texten, Quelle und Datum.",
    menu: "Themen zeigen", person: "Mit einem Menschen sprechen",
    answer: "Eine **GmbH** gründen Sie in diesen Schritten:\n\n1. Gesellschaftsvertrag beim **Notar** beurkunden lassen, auch online möglich.\n2. Geschäftskonto eröffnen und das Stammkapital einzahlen: mindestens **25.000 Euro**, zur Anmeldung die Hälfte.\n3. Anmeldung zum **Handelsregister** durch den Notar.\n4. **Gewerbe anmelden** und den Fragebogen des Finanzamts ausfüllen.\n\nDas dauert meist vier bis acht Wochen. Mehr dazu auf [Existenzgründungsportal](https://www.existenzgruendungsportal.de/gmbh).",
    local: "**Vor Ort (Krefeld):**\nDie Wirtschaftsförderung Krefeld vermittelt einen Termin beim Gewerbeamt.",
    source: ["GmbH-Gesetz, § 5", "Gründung einer GmbH"], related: ["Kosten der Gründung", "Geschäftskonto eröffnen", "Handelsregister"],
    yes: "Hilfreich", no: "Nicht hilfreich", thanks: "Danke für die Rückmeldung.",
    consent: "Ich gebe Ihr Anliegen gern an einen Menschen weiter. Diese Angaben und unser bisheriges Gespräch erhält nur der zuständige Partner des Netzwerks.\n\nSind Sie einverstanden?", ja: "Ja", nein: "Nein",
    company: "Wie heißt Ihre Firma?", suggestion: "Fragen zu: Gründung einer GmbH", skip: "Überspringen", cancel: "Abbrechen",
    errors: "Bitte prüfen Sie die markierten Angaben.", email: "Diese E-Mail-Adresse ist nicht vollständig oder enthält einen Fehler. So sieht eine gültige aus, name@example.com.",
    confirm: "Das gebe ich weiter an **Stadt Krefeld, Wirtschaftsförderung**:\n\n- Firma: {company}\n- Name: {contact_name}\n- E-Mail: {email}\n- Anliegen: {concern}\n\nStimmt alles?", sendit: "Ja, absenden", correct: "Firma ändern",
    submitted: "Ihr Anliegen ist aufgenommen. Fallnummer **NRW-7K3M-94**.\n\nSie erhalten innerhalb von zwei Werktagen eine Antwort.", cancelled: "Abgebrochen. Ihre Angaben sind verworfen.", withdraw: "Anliegen zurückziehen",
    staff: "Guten Tag, hier ist die Wirtschaftsförderung Krefeld. Gern helfen wir Ihnen. Passt Ihnen Donnerstag um 10 Uhr?",
    partner: "Stadt Krefeld, Wirtschaftsförderung",
    checklist: { title: "Erste Schritte nach Nordrhein-Westfalen", items: [
      { title: "Rechtsform wählen", text: "GmbH, Zweigniederlassung oder Repräsentanz.", topic: "company/legal_forms", when: "6 Monate vorher" },
      { title: "Aufenthaltstitel beantragen", text: "Bei der Auslandsvertretung oder nach der Einreise bei der Ausländerbehörde.", topic: "residence/visa", when: "3 Monate vorher" },
      { title: "Gewerbe anmelden", text: "Beim Gewerbeamt der Gemeinde, auch online.", topic: "company/trade", when: "Am Tag des Beginns" } ] },
    list: "Hier ist Ihre Liste.", unknown: "Dazu habe ich keine geprüfte Antwort, und raten möchte ich nicht.",
    suggest: "Ich bin nicht sicher, was Sie meinen. Ist es eines davon?", fast: "Das waren sehr viele Nachrichten in kurzer Zeit. Bitte warten Sie einen Augenblick.",
  },
  ja: {
    page: ["ムスターハウゼン市", "経済・企業誘致", "ノルトライン・ヴェストファーレン州への進出をお考えですか。オフィス探し、行政手続き、ネットワークづくりをお手伝いします。"],
    greet: "こんにちは。東京都とノルトライン・ヴェストファーレン州（NRW）の支援ネットワークのデジタルアシスタントです。人間ではなく、**プログラム**です。\n\n会社設立、税金、在留、生活についてのご質問に、確認済みの内容を出典と日付つきでお答えします。",
    menu: "テーマ一覧", person: "担当者に相談する",
    answer: "**GmbH（有限会社）** の設立は、次の順に進みます。\n\n1. **公証人**による定款の認証（オンラインでも可能です）。\n2. 会社の口座を開設し、資本金を払い込みます。最低**25,000ユーロ**で、登記申請時にはその半額が必要です。\n3. 公証人による**商業登記**の申請。\n4. **営業届**を出し、税務署の質問票を提出します。\n\n通常4週間から8週間かかります。詳しくは[起業ポータル](https://www.existenzgruendungsportal.de/gmbh)をご覧ください。",
    local: "**現地の情報（クレーフェルト）：**\nクレーフェルト市経済振興公社が、営業届の窓口の予約をお手伝いします。",
    source: ["有限会社法（GmbHG）第5条", "GmbHの設立"], related: ["設立の費用", "会社の口座を開く", "商業登記"],
    yes: "役に立った", no: "役に立たなかった", thanks: "ご意見ありがとうございます。",
    consent: "ご用件を担当者にお伝えします。これらの内容とこれまでの会話は、担当するネットワークのパートナーだけに送られます。\n\n同意いただけますか。", ja: "はい", nein: "いいえ",
    company: "会社名を入力してください。", suggestion: "GmbHの設立についての質問", skip: "省略する", cancel: "中止する",
    errors: "印のついた項目をご確認ください。", email: "メールアドレスに不足または誤りがあります。name@example.com のような形で入力してください。",
    confirm: "次の内容を **クレーフェルト市 経済振興公社** に送ります。\n\n- 会社名：{company}\n- お名前：{contact_name}\n- メール：{email}\n- ご用件：{concern}\n\nこの内容でよろしいですか。", sendit: "はい、送信します", correct: "会社名を修正",
    submitted: "ご用件を受け付けました。受付番号は **NRW-7K3M-94** です。\n\n2営業日以内にお返事します。", cancelled: "中止しました。入力された内容は破棄しました。", withdraw: "取り下げる",
    staff: "こんにちは。クレーフェルト市経済振興公社です。木曜日の10時はいかがでしょうか。",
    partner: "クレーフェルト市 経済振興公社",
    checklist: { title: "NRW州進出の最初のステップ", items: [
      { title: "会社形態を選ぶ", text: "GmbH、支店、駐在員事務所から選びます。", topic: "company/legal_forms", when: "6か月前" },
      { title: "在留許可を申請する", text: "大使館・総領事館、または入国後に外国人局で申請します。", topic: "residence/visa", when: "3か月前" },
      { title: "営業届を出す", text: "市町村の窓口またはオンラインで届け出ます。", topic: "company/trade", when: "事業開始日" } ] },
    list: "リストを用意しました。", unknown: "このご質問には、確認済みの回答がありません。推測でお答えすることは控えます。",
    suggest: "ご質問の内容をはっきり理解できませんでした。次のいずれかでしょうか。", fast: "短い時間に多くのメッセージが送信されました。少し待ってください。",
  },
  en: {
    page: ["City of Musterhausen", "Business and settlement", "Would you like to come to North Rhine-Westphalia with your company? We help you find premises, deal with authorities and build your network."],
    greet: "Hello! I am the digital assistant of the Tokyo – North Rhine-Westphalia network: a **program**, not a person.\n\nI answer questions on setting up a company, tax, residence and living, with reviewed texts, their sources and dates.",
    menu: "Show topics", person: "Talk to a person",
    answer: "You found a **GmbH** in these steps:\n\n1. Have the articles of association recorded by a **notary**, online if you like.\n2. Open a business account and pay in the share capital: at least **25,000 euros**, half of it before registration.\n3. The notary applies for entry in the **commercial register**.\n4. **Register the trade** and fill in the tax office’s questionnaire.\n\nThis usually takes four to eight weeks. More on [the founders’ portal](https://www.existenzgruendungsportal.de/gmbh).",
    local: "**Locally (Krefeld):**\nThe Krefeld business development agency arranges an appointment at the trade office.",
    source: ["GmbH Act, section 5", "Founding a GmbH"], related: ["Cost of founding", "Opening a business account", "Commercial register"],
    yes: "Helpful", no: "Not helpful", thanks: "Thank you for the feedback.",
    consent: "I will gladly pass your request on to a person. These details and our conversation so far go only to the network partner in charge.\n\nDo you agree?", ja: "Yes", nein: "No",
    company: "What is the name of your company?", suggestion: "Questions on: Founding a GmbH", skip: "Skip", cancel: "Cancel",
    errors: "Please check the marked entries.", email: "This e-mail address is incomplete or has a mistake. A valid one looks like this, name@example.com.",
    confirm: "I will pass this on to **City of Krefeld, business development**:\n\n- Company: {company}\n- Name: {contact_name}\n- E-mail: {email}\n- Request: {concern}\n\nIs everything correct?", sendit: "Yes, send it", correct: "Change company",
    submitted: "Your request has been recorded. Case number **NRW-7K3M-94**.\n\nYou will get a reply within two working days.", cancelled: "Cancelled. Your entries have been discarded.", withdraw: "Withdraw request",
    staff: "Hello, this is Krefeld business development. We are glad to help. Would Thursday at 10 suit you?",
    partner: "City of Krefeld, business development",
    checklist: { title: "First steps to North Rhine-Westphalia", items: [
      { title: "Choose a legal form", text: "GmbH, branch or representative office.", topic: "company/legal_forms", when: "6 months before" },
      { title: "Apply for a residence title", text: "At the mission abroad, or after entry at the immigration office.", topic: "residence/visa", when: "3 months before" },
      { title: "Register the trade", text: "At the municipality’s trade office, also online.", topic: "company/trade", when: "On the first day" } ] },
    list: "Here is your list.", unknown: "I have no reviewed answer to that, and I do not want to guess.",
    suggest: "I am not sure what you mean. Is it one of these?", fast: "That was a lot of messages in a short time. Please wait a moment.",
  },
};

const escape = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

function page(language, query) {
  const words = W[language];
  const attributes = [...query].map(([name, value]) => ` ${name.replace(/[^a-z-]/g, "")}="${escape(value)}"`).join("");
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${words.page[1]} – ${words.page[0]}</title><link rel="stylesheet" href="/page.css"><script type="module" src="/widget/nrw-chat.js"></script></head>
<body><header><p>${words.page[0]}</p></header><main><h1>${words.page[1]}</h1><p>${words.page[2]}</p><p><a href="/demo/de" lang="de">Deutsch</a> <a href="/demo/ja" lang="ja">日本語</a> <a href="/demo/en" lang="en">English</a></p></main>
<nrw-chat${attributes}></nrw-chat></body></html>`;
}

const PAGE_CSS = `body{margin:0;font:18px/1.6 system-ui,sans-serif;color:#1b2733;background:#fff}header{background:#0b3b66;color:#fff;padding:1rem 2rem;font-weight:700}
main{max-width:60rem;margin:0 auto;padding:2rem}h1{font-size:2.25rem;line-height:1.2}a{color:#0b5394}`;

const http = createServer((request, response) => {
  const url = new URL(request.url, "http://localhost");
  const send = (status, type, body, headers = {}) => response.writeHead(status, { "content-type": `${type}; charset=utf-8`, "access-control-allow-origin": "*", "cache-control": "no-store", ...headers }).end(body);
  const demo = /^\/demo\/(de|ja|en)$/.exec(url.pathname);
  if (demo) {
    const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'";
    return send(200, "text/html", page(demo[1], url.searchParams), { "content-security-policy": policy });
  }
  if (url.pathname === "/page.css") return send(200, "text/css", PAGE_CSS);
  if (url.pathname === "/logo.svg") return send(200, "image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="#0b5394"/><path d="M8 30V10l12 12L32 10v20" fill="none" stroke="#fff" stroke-width="4"/></svg>');
  const file = /^\/widget\/([\w-]+\.js)$/.exec(url.pathname)?.[1];
  if (file && existsSync(new URL(file, dist))) return send(200, "text/javascript", readFileSync(new URL(file, dist)));
  if (url.pathname === "/control" && request.method === "POST") {
    let body = "";
    request.on("data", (part) => (body += part));
    request.on("end", () => {
      const order = JSON.parse(body);
      if (order.staff) for (const session of sessions.values()) say(session, [{ from: "person", partner: "krefeld", partner_name: W[session.language].partner, text: order.staff, custom: { type: "handoff", state: "with_person", partner: "krefeld", from: "person" } }]);
      if (order.say) for (const session of sessions.values()) say(session, [order.say]);
      if (order.typing !== undefined) io.emit("typing", { from: "person", on: order.typing });
      if (order.quiet !== undefined) quiet = order.quiet;
      if (order.kill) io.disconnectSockets(true);
      send(200, "application/json", JSON.stringify({ arrived, sessions: sessions.size }));
    });
    return undefined;
  }
  return send(404, "text/plain", "There is no such page.");
});

const io = new Server(http, { cors: { origin: true } });

function say(session, messages) {
  messages.forEach((message) => {
    session.last = Math.max(session.last + 1, Date.now());
    const full = { id: session.last, from: "bot", language: session.language, buttons: [], custom: {}, at: new Date().toISOString(), ...message };
    session.messages.push(full);
    io.to(session.token).emit("bot_uttered", full);
  });
}

const button = (title, intent, entities = "") => ({ title, payload: `~${Buffer.from(`/${intent}${entities}`).toString("base64url")}.sig`, intent });

function replies(session, text) {
  const words = W[session.language];
  const handoff = (state, more = {}) => ({ type: "handoff", state, partner: "krefeld", language: session.language, ...more });
  const intent = text.startsWith("~") ? Buffer.from(text.slice(1).split(".")[0], "base64url").toString() : "";
  if (intent.startsWith("/set_language") || /日本語で|English, please|In English|Auf Deutsch/.test(text)) {
    session.language = /日本語|"ja"/.test(intent + text) ? "ja" : /English|"en"/.test(intent + text) ? "en" : "de";
    return [{ language: session.language, text: W[session.language].greet, custom: { type: "language" } }];
  }
  if (intent.startsWith("/feedback")) return [{ text: words.thanks, custom: { type: "feedback" } }];
  if (/^\/talk_to_person/.test(intent) || /Mensch|担当者|person/i.test(text)) return [{ text: words.consent, buttons: [button(words.ja, "affirm"), button(words.nein, "deny")], custom: handoff("offered", { field: "consent" }) }];
  if (intent === "/affirm" && session.step === "confirm") return [{ text: words.submitted, buttons: [button(words.menu, "menu"), button(words.withdraw, "withdraw")], custom: handoff("submitted", { case: "NRW-7K3M-94" }) }];
  if (intent === "/affirm" || intent.startsWith("/correct")) return [{ text: words.company, buttons: [button(words.cancel, "cancel")], custom: handoff("form", { field: "company", suggestion: words.suggestion }) }];
  if (intent === "/deny" || intent === "/cancel") return [{ text: words.cancelled, custom: handoff("cancelled") }];
  if (/Liste|リスト|list/i.test(text)) return [{ text: words.list, custom: { type: "checklist", ...words.checklist } }];
  if (/Wetter|天気|weather/i.test(text)) return [{ text: words.unknown, buttons: [button(words.person, "talk_to_person"), button(words.menu, "menu")], custom: { type: "out_of_scope" } }];
  if (intent === "/menu") return [{ text: words.suggest, buttons: [...words.related.map((title, index) => button(title, "show_topic", `{"topic": "company/${index}"}`)), button(words.person, "talk_to_person")], custom: { type: "suggestions", topics: [] } }];
  if (/hostile/.test(text)) return [{ text: session.hostile ?? '<img src=x onerror="window.hacked=1"> <script>window.hacked=1</script> [click](javascript:window.hacked=1) [www.krefeld.de](https://evil.example/x) **<b onclick=window.hacked=1>x</b>**' }];
  const feedback = (value) => `{"topic": "company/gmbh_formation", "helpful": "${value}"}`;
  return [
    { text: words.answer },
    { text: words.local,
      buttons: [...words.related.map((title, index) => button(title, "show_topic", `{"topic": "company/${index}"}`)), button(words.person, "talk_to_person"), button(words.yes, "feedback", feedback("true")), button(words.no, "feedback", feedback("false"))],
      custom: { type: "answer", language: session.language, topic: "company/gmbh_formation", sources: [{ title: words.source[0], url: "https://www.gesetze-im-internet.de/gmbhg/__5.html" }, { title: words.source[1], url: "https://www.existenzgruendungsportal.de/" }], reviewed_on: "2026-11-03", related: ["company/costs", "company/account", "company/register"] } },
  ];
}

function answer(session, messages) {
  if (quiet) return;
  io.to(session.token).emit("typing", { from: "bot", on: true });
  setTimeout(() => {
    for (const message of messages) if (message.custom?.type === "handoff") session.step = message.custom.field;
    say(session, messages);
    io.to(session.token).emit("typing", { from: "bot", on: false });
  }, 150);
}

io.on("connection", (socket) => {
  let session;
  socket.on("session_request", (data, ack) => {
    arrived.push(["session_request", data]);
    const known = sessions.get(data.session);
    session = known ?? { token: randomBytes(8).toString("hex"), language: data.language, messages: [], clients: new Map(), last: 0 };
    sessions.set(session.token, session);
    const words = Object.fromEntries(Object.entries(W).map(([language, each]) => [language, each.partner]));
    const confirm = { session: session.token, resumed: Boolean(known), language: session.language, site: { id: "demo", partner: "krefeld", partner_name: words, look: { position: "right", theme: "auto" }, texts: {} }, last_id: session.last, limits: { text: 2000 } };
    socket.join(session.token);
    socket.emit("session_confirm", confirm);
    for (const message of session.messages) if (message.id > (known ? data.last_id ?? 0 : 0)) socket.emit("bot_uttered", message);
    ack({ status: "ok", ...confirm });
    if (!known) {
      const words = W[session.language];
      answer(session, [{ text: words.greet, buttons: [button(words.menu, "menu"), button(words.person, "talk_to_person"), button("Deutsch", "set_language", '{"language_choice": "de"}'), button("日本語", "set_language", '{"language_choice": "ja"}'), button("English", "set_language", '{"language_choice": "en"}')], custom: { type: "smalltalk", name: "greet" } }]);
    }
  });
  const take = (data, ack, shown) => {
    arrived.push(["message", data]);
    if (!session || !sessions.has(session.token)) return ack({ status: "no_session" });
    const known = session.clients.get(data.client_id);
    if (known) return ack({ status: "duplicate", id: known });
    session.last = Math.max(session.last + 1, Date.now());
    session.clients.set(data.client_id, session.last);
    const echo = { id: session.last, from: "user", text: shown, language: session.language, buttons: [], custom: {}, at: new Date().toISOString(), client_id: data.client_id };
    session.messages.push(echo);
    socket.to(session.token).emit("bot_uttered", echo);
    return ack({ status: "ok", id: session.last });
  };
  socket.on("user_uttered", (data, ack) => {
    if (data.message === "too fast") return ack({ status: "fault", text: W[session.language].fast });
    const before = session?.clients.has(data.client_id);
    take(data, ack, data.title ?? data.message);
    if (session && !before) answer(session, replies(session, data.message));
    return undefined;
  });
  socket.on("form_submit", (data, ack) => {
    take(data, ack, { de: "Formular gesendet", ja: "フォームを送信しました", en: "Form sent" }[session.language]);
    const words = W[session.language];
    const custom = { type: "handoff", state: "form", language: session.language };
    if (!/^\S+@\S+\.\S+$/.test(data.values.email) && !data.values.phone) answer(session, [{ text: words.errors, custom: { ...custom, values: data.values, errors: { email: words.email } } }, { text: words.company, buttons: [button(words.cancel, "cancel")], custom: { ...custom, field: "company" } }]);
    else answer(session, [{ text: words.confirm.replace(/\{(\w+)\}/g, (_, name) => data.values[name]), buttons: [button(words.sendit, "affirm"), button(words.correct, "correct", '{"field": "company"}'), button(words.cancel, "cancel")], custom: { ...custom, field: "confirm", partner: "krefeld" } }]);
  });
  socket.on("end_session", (data, ack) => {
    arrived.push(["end_session", data]);
    sessions.delete(session?.token);
    if (session) socket.to(session.token).emit("session_closed", { reason: "ended" });
    ack({ status: "ok" });
  });
  socket.on("typing", (data) => arrived.push(["typing", data]));
});

http.listen(port, "127.0.0.1", () => console.log(`The fake server answers at http://127.0.0.1:${http.address().port}/demo/de`));
