// The counter when the line is down: it goes on in place, from what the device keeps. What is done is
// kept with its own instant, and sent in order, each once, when the line is back.
(() => {
  const root = document.getElementById("sans-ligne");
  if (!root || !("indexedDB" in window)) return;
  const { base, enter: signIn } = root.dataset;
  const shell = root.hasAttribute("data-shell");
  const leave = new URLSearchParams(location.search).get("quitter") || "";
  const words = {};
  for (const e of document.getElementById("off-words").content.children) words[e.dataset.word] = e.textContent;
  const say = (key, params = {}) => (words[key] || key).replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
  const many = (key, n) => say(key + (n < 2 && (n === 1 || lang === "fr") ? "_one" : "_many"), { n });
  const lang = document.documentElement.lang;
  const clock = (t, zone) => new Intl.DateTimeFormat(lang + "-CA", { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(new Date(t)).replace(/\s/g, "\u00a0").replace(/\u00a0h\u00a000$/, "\u00a0h");
  const day = (t, zone) => new Intl.DateTimeFormat(lang + "-CA", { timeZone: zone, weekday: "long", day: "numeric", month: "long" }).format(new Date(t));
  const when = (t, zone) => (day(t, zone) === day(Date.now(), zone) ? "" : day(t, zone) + ", ") + clock(t, zone);

  let hub = root.dataset.hub || (location.pathname.match(/\/comptoir\/(?!hors-ligne)([^/]+)/) || [])[1] || "";
  let person = root.dataset.person || "";
  let cut = false, gone = false, trouble = "", asking = false, leaving = false, wait = 2000;
  let breaks = 0; // how many times the line was seen to be down: an answer from before the last one says nothing of now
  let record, acts = [], results = [], ran; // ran is performance.now() at the last contact of this page
  let open = "", ticked = [], first = "", choices, note, unknown = "", returned;

  const field = () => document.getElementById("code");
  const mine = (a) => !person || person === "-" || a.person === person;
  const here = () => acts.filter((a) => a.hub === hub);
  const state = () => world.of(record ? record.copy : {}, here());
  const zone = () => (record && record.copy.zone) || undefined;
  // instant is what is told of an act; the server flags one that cannot be. now is what is gone by here, never before the last contact.
  const instant = () => (record ? world.instant(record.contact, Date.now(), ran === undefined ? undefined : performance.now() - ran) : Date.now());
  const now = () => Math.max(instant(), record ? record.contact.server : 0);

  const refresh = async () => {
    let copies;
    [acts, results, copies] = await Promise.all([kept.acts(), kept.results(), kept.copies()]);
    if (!hub && copies.length) hub = copies[copies.length - 1].hub;
    if (!hub && acts.length) hub = acts[0].hub;
    const mineNow = copies.find((c) => c.hub === hub);
    if (!mineNow || !record || mineNow.copy.at !== record.copy.at || mineNow.copy !== record.copy) record = mineNow;
  };

  const newKey = () => crypto.randomUUID().replaceAll("-", "");
  // queue keeps acts, all with this instant and the last contact.
  const queue = async (...list) => {
    const at = instant();
    const made = list.map((a) => ({ ...a, hub, person: person && person !== "-" ? person : record ? record.person : "", key: newKey(), at, contact: record ? record.contact.stamp : "" }));
    await kept.add(made);
    if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
    await refresh();
    return made;
  };
  const clear = () => {
    open = first = unknown = "";
    ticked = [];
    choices = note = returned = undefined;
  };

  const openBooking = (w, b) => {
    const start = first && w.has(first);
    clear();
    if (!world.may(b, now())) {
      if (start) first = start.id;
      return (note = { wrong: true, text: say(b.status === "completed" ? "over" : Date.parse(b.starts_at) > now() ? "early" : "not_now", { person: b.person, reference: b.reference, from: when(b.starts_at, w.zone) }) });
    }
    open = b.id;
    if (start && world.fits(w, b, [], start)) ticked = [start.id];
    else if (start) note = { wrong: true, text: say("not_theirs", { code: start.code }) };
  };
  const tick = (w, b, unit) => {
    if (ticked.includes(unit.id)) return;
    if (!world.fits(w, b, ticked, unit)) return (note = { wrong: true, text: say("not_theirs", { code: unit.code }) });
    ticked.push(unit.id);
    const other = world.promised(w, unit, b, now());
    if (other) note = { wrong: true, text: say("promised", { code: unit.code, person: other.person, from: when(other.starts_at, w.zone) }) };
  };
  const giveBack = async (w, unit, loan) => {
    const keep = [open, ticked];
    clear();
    [open, ticked] = keep;
    const next = world.promised(w, unit, w.bookings.get(loan.booking), now());
    const [act] = await queue({ kind: "check_in", unit: unit.id, code: unit.code });
    returned = { id: act.key, unit };
    note = { text: (loan.person ? say("returned", { code: unit.code, name: unit.name, person: loan.person }) : say("noted", { code: unit.code })) + (next ? " " + say("next", { person: next.person, from: when(next.starts_at, w.zone) }) : "") };
  };
  const onUnit = async (w, unit) => {
    const loan = w.loans.get(unit.id);
    if (loan) return giveBack(w, unit, loan);
    const b = open && w.bookings.get(open);
    if (b) return tick(w, b, unit);
    clear();
    first = unit.id;
    const other = world.promised(w, unit, undefined, now());
    note = { back: unit.id, text: other ? say("whose_promised", { code: unit.code, name: unit.name, person: other.person, from: when(other.starts_at, w.zone) }) : say("whose", { code: unit.code, name: unit.name }) };
  };
  // go does what Enter in an empty field does: what is open is handed over or begun.
  const go = async (w) => {
    if (unknown) {
      const code = unknown;
      clear();
      await queue({ kind: "check_in", unit: code, code });
      return (note = { text: say("noted", { code }) });
    }
    const b = open && w.bookings.get(open);
    if (!b) return (note = { text: say("nothing_open") });
    if (ticked.length) {
      const units = ticked.map((id) => w.units.get(id));
      await queue(...units.map((u) => ({ kind: "check_out", booking: b.id, reference: b.reference, unit: u.id, code: u.code })));
      clear();
      return (note = { text: say("handed", { codes: units.map((u) => u.code).join(", "), person: b.person, until: when(b.ends_at, w.zone) }) });
    }
    if (world.lends(b)) return (note = { wrong: true, text: say("scan_unit") });
    if (b.status === "in_use") return (note = { text: say("here_already", { person: b.person }) });
    await queue({ kind: "arrive", booking: b.id, reference: b.reference });
    clear();
    note = { text: say("arrived", { person: b.person }) };
  };
  // Scans come faster than a disk writes: each waits for the one before it.
  let turn = Promise.resolve();
  const inTurn = (f) => (turn = turn.then(f).catch(() => (note = { wrong: true, text: say("not_kept") })).then(render));
  const scan = (text) => {
    if (leaving) stop(), (leaving = false), later(); // what is scanned while the page is being left stays open here
    return inTurn(async () => {
      await refresh();
      const w = state();
      if (!world.read(text)) return go(w);
      const found = world.find(w, text);
      note = choices = undefined;
      unknown = "";
      if (found.kind === "unit") await onUnit(w, found.unit);
      else if (found.kind === "booking") openBooking(w, found.booking);
      else if (found.kind === "person" || found.kind === "several") {
        const can = found.bookings.filter((b) => world.may(b, now()));
        if (found.kind === "person" && can.length === 1) openBooking(w, can[0]);
        else choices = { units: found.units || [], bookings: can.length ? can : found.bookings };
      } else {
        unknown = found.code;
        note = { wrong: true, text: say("unknown", { code: found.code }) };
      }
      if (!cut) send();
    });
  };

  // --- what is shown
  const el = (tag, props, ...inside) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...inside.filter(Boolean));
    return e;
  };
  const button = (text, press, className = "quiet-button") => el("button", { type: "button", className, textContent: text, onclick: press });
  // chip is a small button; who does not see the row hears what it is about.
  const chip = (text, about, press) => el("button", { type: "button", className: "chip", onclick: press }, text, el("span", { className: "quiet", textContent: " " + about }));
  const put = (id, ...inside) => {
    const place = document.getElementById(id), at = document.activeElement;
    place.replaceChildren(...inside.filter(Boolean));
    place.hidden = !place.childNodes.length;
    const again = at.type === "number" && !at.isConnected && document.getElementById(at.id);
    if (!again) return;
    again.value = at.value; // what is being typed
    again.focus({ preventScroll: true });
  };
  const named = (w, a) => {
    const b = (a.booking && w.bookings.get(a.booking)) || undefined;
    return [say("kind_" + a.kind), a.code, b ? b.person : a.reference].filter(Boolean).join(" · ");
  };
  const bookingRow = (w, b) =>
    el("li", {}, el("div", {}, el("p", {}, el("b", { textContent: when(b.starts_at, w.zone) + " – " + clock(b.ends_at, w.zone) }), " ", el("bdi", { textContent: b.person })),
      el("p", { className: "note", textContent: (b.lines || []).map((l) => l.name + (l.quantity > 1 ? "\u00a0× " + l.quantity : "")).join(", ") + " · " + b.reference })),
      chip(say("open"), b.reference, () => inTurn(async () => (await refresh(), openBooking(state(), state().bookings.get(b.id))))));
  const panel = (w) => {
    const b = open && w.bookings.get(open);
    const parts = [];
    if (note) parts.push(el("p", { className: note.wrong ? "off-note off-wrong" : "off-note", textContent: note.text }));
    if (note && note.back) parts.push(el("p", { className: "bar" }, chip(say("is_return"), (w.has(note.back) || {}).code, () => inTurn(async () => giveBack(state(), state().has(note.back), { booking: "", person: "" })))));
    if (returned && acts.some((a) => a.key === returned.id)) parts.push(condition(returned));
    if (choices) parts.push(el("ul", { className: "plain rows off-rows" }, ...choices.bookings.map((x) => bookingRow(w, x)), ...choices.units.map((u) => el("li", {}, button(u.code + " · " + u.name, () => scan(u.code))))));
    if (b) {
      parts.push(el("h3", {}, el("bdi", { textContent: b.person }), " · " + b.reference));
      parts.push(el("p", { className: "note", textContent: say("due", { until: when(b.ends_at, w.zone) }) }));
      const rows = world.rows(w, b, ticked);
      if (rows.length) parts.push(el("ul", { className: "plain rows off-units" }, ...rows.map((r) => el("li", { className: "is-" + r.state }, el("span", { textContent: r.name + " " }), el("code", { textContent: r.code }), el("span", { className: "tag" + (r.state === "waiting" ? "" : " free"), textContent: say("state_" + r.state) })))));
      const words = ticked.length ? say("hand_over") : world.lends(b) ? "" : say("arrive");
      parts.push(el("p", { className: "bar" }, words && button(words, () => scan(""), ""), button(say("close"), () => inTurn(async () => clear()))));
    }
    return parts;
  };
  // condition adds to a return that still waits: that the unit is damaged, or what of it is missing.
  const condition = (it) => {
    const { unit } = it, act = acts.find((a) => a.key === it.id);
    const change = (f) =>
      inTurn(async () => {
        it.id = await kept.amend((await kept.acts()).find((a) => a.key === it.id) || act, f, newKey());
        await refresh();
        if (!cut) send();
      });
    const box = el("input", { type: "checkbox", id: "off-damaged", checked: !!act.damaged, onchange: (e) => change((a) => ({ ...a, damaged: e.target.checked })) });
    const counts = (unit.components || []).map((c) =>
      el("p", {}, el("label", { htmlFor: "off-" + c.id, textContent: say("missing", { name: c.name }) }),
        el("input", { id: "off-" + c.id, type: "number", min: 0, max: c.quantity, value: (act.missing || {})[c.id] || 0, oninput: (e) => change((a) => ({ ...a, missing: { ...a.missing, [c.id]: +e.target.value } })) })));
    return el("div", { className: "off-condition" }, el("p", { className: "check" }, box, el("label", { htmlFor: "off-damaged", textContent: say("damaged") })), ...counts);
  };
  const waiting = (w) => {
    if (!acts.length) return [];
    const others = acts.some((a) => !mine(a));
    return [
      el("h2", { textContent: say("to_send", { n: acts.length }) }),
      trouble && el("p", { className: "off-note off-wrong", textContent: trouble }),
      others && el("p", { className: "off-note off-wrong", textContent: say("others") }),
      others && el("p", { className: "bar" }, button(say("adopt"), () => inTurn(async () => { for (const a of acts) if (!mine(a)) await kept.change({ ...a, person }); await refresh(); send(); }))),
      el("ol", { className: "plain rows off-acts" }, ...acts.map((a, i) => el("li", {}, el("span", { textContent: clock(a.at, zone()) + " · " + named(a.hub === hub ? w : world.of({}, []), a) }), a.refused && el("p", { className: "field-wrong", textContent: a.refused }),
        a.damaged && el("span", { className: "tag no", textContent: say("damaged") }),
        !acts.slice(i + 1).some((b) => b.unit === a.unit && b.booking === a.booking || b.unit && b.unit === a.unit) && !asking && el("span", { className: "bar" }, a.refused && chip(say("again"), named(w, a), () => inTurn(async () => { await kept.change({ ...a, refused: "" }); await refresh(); send(); })), undo(a))))),
    ];
  };
  const undo = (a) =>
    chip(say("undo"), named(state(), a), (e) => {
      const press = e.currentTarget;
      if (!press.dataset.sure) return (press.dataset.sure = "1"), (press.textContent = say("undo_sure"));
      inTurn(async () => {
        const gone = await kept.undo(a.id);
        await refresh();
        if (!gone) note = { wrong: true, text: say("undo_late") };
        else if (returned && returned.id === a.key) clear();
      });
    });
  const became = () => {
    if (!results.length) return [];
    const unsettled = results.filter((r) => r.state === "unsettled");
    return [
      el("p", {}, many("sent", results.length) + (unsettled.length ? " " + many("unsettled", unsettled.length) : "")),
      unsettled.length && el("ul", { className: "plain" }, ...unsettled.map((r) => el("li", { textContent: r.label + (r.words ? " – " + r.words : "") }))),
      el("p", { className: "bar" }, unsettled.length && el("a", { className: "button", href: `${base}/${unsettled[0].hub}/a-regler`, textContent: say("settle") }), button(say("read"), () => inTurn(async () => { await kept.read(); await refresh(); }))),
    ];
  };
  const today = (w) => {
    if (!cut || !record || leave) return [];
    const soon = [...w.bookings.values()].filter((b) => (b.status === "confirmed" || b.status === "in_use") && Date.parse(b.ends_at) > now() && b.id !== open).sort((x, y) => Date.parse(x.starts_at) - Date.parse(y.starts_at)).slice(0, 40);
    const out = [...w.loans.values()].sort((x, y) => Date.parse(x.due_at) - Date.parse(y.due_at));
    return [
      el("h2", { textContent: say("coming") }),
      soon.length ? el("ul", { className: "plain rows off-rows" }, ...soon.map((b) => bookingRow(w, b))) : el("p", { textContent: say("none_coming") }),
      out.length && el("h2", { textContent: say("out") }),
      out.length && el("ul", { className: "plain rows" }, ...out.map((l) => el("li", {}, el("code", { textContent: (w.units.get(l.unit) || { code: "" }).code }), " ", (w.units.get(l.unit) || { name: "" }).name, " · ", el("bdi", { textContent: l.person }), " · " + when(l.due_at, w.zone)))),
    ];
  };
  const bar = () => {
    if (leave && !acts.length) return [el("p", { className: "bar" }, button(say("leave_now"), goOn, ""), el("a", { className: "button quiet-button", href: base, textContent: say("stay") }))];
    if (leave) return [el("p", { textContent: say("leaving_why") }),
      el("p", { className: "bar" }, button(say("leave_send"), sendAndLeave, ""), el("a", { className: "button quiet-button", href: base, textContent: say("stay") })),
      el("details", {}, el("summary", { textContent: say("leave_lost") }), el("p", { textContent: say("leave_lost_why") }), button(many("leave_erase", acts.length), async () => { await kept.drop(acts.map((a) => a.id)); goOn(); }, "danger"))];
    if (cut) return [el("p", {}, el("strong", { textContent: say("cut") }), " ", record ? say("seen", { at: when(record.contact.server, zone()) }) : say("no_copy"))];
    if (gone) return [el("p", {}, el("strong", { textContent: say("gone") }), " ", acts.length ? many("gone_kept", acts.length) : ""), el("p", { className: "bar" }, el("a", { className: "button", href: hub ? `${base}/${hub}` : base, textContent: say("sign_in") }))];
    return [];
  };
  function render() {
    const w = state();
    if (leave) {
      for (const e of document.querySelectorAll("#scan, .lead")) e.hidden = true;
      document.querySelector("h1").textContent = acts.length ? many("leaving", acts.length) : say("leave_now");
    }
    for (const e of document.querySelectorAll("[data-online]")) e.hidden = cut;
    document.body.classList.toggle("cut", cut);
    put("off-bar", ...bar());
    put("off-panel", ...(cut || open || note ? panel(w) : []));
    put("off-wait", ...waiting(w));
    put("off-results", ...became());
    put("off-today", ...today(w));
    root.hidden = ![...root.children].some((e) => e.id && !e.hidden && e.id !== "off-words");
    if (cut && field() && !root.contains(document.activeElement)) field().focus();
    if (note && document.getElementById("off-said").textContent !== note.text) document.getElementById("off-said").textContent = note.text;
  }

  // --- the line
  const paths = { check_out: "/prets", check_in: "/retours", arrive: "/arrivees" };
  // ask fetches the copy anew, by which it also finds out whether there is a line, and who we are.
  // The worker is asked each time to keep this page: what it lacks it fetches.
  const keepPage = () => "serviceWorker" in navigator && navigator.serviceWorker.ready.then((r) => r.active && r.active.postMessage({ keep: "counter", reader: "BarcodeDetector" in window ? "" : document.getElementById("camera")?.dataset.reader }));
  const ask = async () => {
    const wiped = kept.wiped();
    const answer = await fetch(`${base}/${hub}/copie.json`, { headers: { Accept: "application/json" }, cache: "no-store", signal: AbortSignal.timeout(10000) });
    const who = answer.headers.get("Canot-Person");
    if (!who || answer.status >= 500) throw new Error("no line");
    if (who !== "-") person = who;
    gone = answer.status === 401;
    if (answer.ok) {
      const got = await answer.json();
      ran = performance.now();
      keepPage();
      await kept.keep({ hub, name: got.name, person: who, copy: got.copy, contact: { stamp: got.contact, server: Date.parse(got.copy.at), device: Date.now() } }, wiped);
    } else if (gone && !(await kept.acts()).length) await kept.forget("");
    else if (answer.status === 403 || answer.status === 404) trouble = say("not_allowed");
    await refresh();
  };
  const send = () => ("locks" in navigator ? navigator.locks.request("canot-counter", { ifAvailable: true }, (lock) => lock && sendAll()) : sendAll());
  const sendAll = async () => {
    if (asking || gone) return;
    asking = true;
    try {
      for (;;) {
        acts = await kept.acts();
        const first = acts.find((a) => mine(a) && !a.refused), next = first && (await kept.take(first.id));
        const untaken = () => first.sent || kept.change({ ...next, sent: undefined }); // it is known not to have arrived
        if (!first) break;
        if (!next) continue; // given up meanwhile
        const body = new URLSearchParams({ cle: next.key, instant: new Date(next.at).toISOString(), contact: next.contact });
        if (next.booking) body.set("booking", next.booking);
        if (next.unit) body.set(next.kind === "check_out" ? "u" : "unite", next.unit);
        if (next.damaged) body.set("abime", "1");
        for (const [id, n] of Object.entries(next.missing || {})) if (n) body.set("manque-" + id, n);
        const answer = await fetch(`${base}/${next.hub}${paths[next.kind]}`, { method: "POST", headers: { Accept: "application/json" }, body, redirect: "error", cache: "no-store", signal: AbortSignal.timeout(20000) });
        const said = await answer.json();
        if (answer.ok && said.state) {
          await kept.sent(next, { hub: next.hub, at: Date.now(), label: [say("kind_" + next.kind), next.code, next.reference].filter(Boolean).join(" · "), state: said.state, words: said.words, code: said.code, doubtful: !!said.doubtful });
          trouble = "";
        } else if (said.code === "idempotency_key_reused") {
          await kept.change({ ...next, key: newKey() }); // something else was sent under it: this has not arrived
        } else if (answer.status === 401) {
          gone = true;
          await untaken();
          break;
        } else if (answer.status === 403 || answer.status === 429 || answer.status >= 500) {
          trouble = say("refused") + " " + (said.words || "");
          if (answer.status < 500) await untaken();
          break;
        } else await kept.change({ ...next, refused: said.words || say("refused") });
      }
    } catch {
      lost();
      return false;
    } finally {
      asking = false;
      await refresh();
      render();
    }
  };
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(look, wait);
    wait = Math.min(wait * 1.6, 30000);
  };
  // look finds out whether the line is there; when it is back, what waits is sent and the counter goes on as before.
  let looking;
  const look = () => (looking ??= lookOnce().finally(() => (looking = undefined)));
  const lookOnce = async () => {
    clearTimeout(timer);
    const seen = breaks;
    try {
      if (!hub) throw new Error("no hub");
      await ask();
    } catch {
      return lost();
    }
    wait = 2000;
    if ((await send()) === false) return; // it broke again meanwhile
    for (let last; last !== turn; ) await (last = turn);
    if (seen !== breaks) return;
    if (gone || trouble || leave) cut = false;
    else if (cut && !open && !first && !unknown && typed()) (cut = false), clear(); // it shows again, to be sent
    else if (cut && !open && !first && !unknown && !(field() && field().value)) return (leaving = true), location.replace(`${base}/${hub}`);
    else if (cut) later();
    render();
  };
  // typed says whether something was written into the panel, or drawn, that only the line can take.
  const typed = () =>
    [...document.querySelectorAll("#panneau :is(input:not([type=hidden],[name=u]),textarea,select,canvas[data-drawn])")].some((e) =>
      e.type === "checkbox" || e.type === "radio" ? e.checked !== e.defaultChecked : e.type === "file" ? e.files.length : e.options ? [...e.options].some((o) => o.selected && !o.defaultSelected && o.value) : e.value !== e.defaultValue || e.localName === "canvas");
  const lost = (address) => {
    breaks++;
    if (!cut) {
      cut = true;
      const q = address ? new URL(address, location).searchParams : new URLSearchParams(location.search), form = document.getElementById("scan");
      const given = (name) => (form && !address && [...form.querySelectorAll(`[name="${name}"]`)].map((e) => e.value).filter(Boolean)) || [];
      const w = state();
      open = given("r")[0] || q.get("r") || "";
      ticked = [...given("u"), ...q.getAll("u")].map((u) => w.has(u)).filter(Boolean).map((u) => u.id).filter((id, i, all) => all.indexOf(id) === i);
      if (!w.bookings.has(open)) [first, open, ticked] = [ticked[0] || "", "", []];
      if (!leave) history.replaceState(null, "", location.pathname); // what is open here is no longer what the address says
    }
    later();
    render();
  };
  // goes on with what was on its way when the line broke: whether it arrived nobody knows, and doing it again does no harm.
  const taken = (form, submitter) => {
    if (form.id === "scan") return scan(field().value);
    const data = new FormData(form, submitter), kind = Object.keys(paths).find((k) => new URL(form.action).pathname.endsWith(paths[k]));
    if (!kind) return inTurn(async () => (note = { wrong: true, text: say("needs_line") }));
    return inTurn(async () => {
      const w = state(), b = w.bookings.get(data.get("booking"));
      const booking = data.get("booking") || undefined, reference = b && b.reference;
      const all = data.get("faire") === "tout" && [...form.querySelectorAll('input[name="u"]')].map((e) => e.value);
      const units = (kind === "check_out" ? all || data.getAll("u") : kind === "check_in" ? [data.get("unite")] : []).map((u) => w.has(u) || { id: u, code: u });
      const missing = Object.fromEntries([...data].filter(([name]) => name.startsWith("manque-")).map(([name, n]) => [name.slice(7), +n]));
      clear();
      const panel = form.closest("#panneau");
      if (panel) panel.replaceChildren(); // it is done here
      if (kind === "arrive") await queue({ kind, booking, reference });
      else await queue(...units.map((u) => ({ kind, booking: kind === "check_out" ? booking : undefined, reference, unit: u.id, code: u.code, damaged: data.get("abime") ? true : undefined, missing })));
      note = { text: say("kept_it") };
    });
  };
  const cutNow = async (detail) => {
    await refresh().catch(() => {});
    if (!(cut && detail && detail.again)) lost(detail && detail.address);
    if (detail && detail.form) await taken(detail.form, detail.submitter);
    else if (detail && detail.text !== undefined) await scan(detail.text);
  };
  document.addEventListener("canot:cut", (e) => {
    const taken = cutNow(e.detail);
    if (e.detail) e.detail.taken = taken; // who tells of it waits until it is taken over here
  });
  document.addEventListener("canot:doubt", () => look());
  // A copy that is told of a change is fetched soon, but not by every screen at once; after what was
  // done here, at once, so that it is known when the line breaks next.
  let soon;
  const fresh = (within) => {
    if (cut || (soon && soon.by <= performance.now() + within)) return;
    if (soon) clearTimeout(soon.timer);
    soon = { by: performance.now() + within, timer: setTimeout(() => ((soon = undefined), document.hidden || look()), within) };
  };
  document.addEventListener("canot:line", () => (cut ? look() : fresh(5000 + Math.random() * 10000)));
  document.addEventListener("canot:live", () => fresh(200));
  addEventListener("offline", () => cutNow());
  // What is looked at now may still fail by what was before.
  addEventListener("online", () => (looking ? looking.finally(() => leaving || look()) : look()));
  document.addEventListener("visibilitychange", () => document.hidden || look());
  kept.channel.onmessage = () => refresh().then(render);
  let entered = -1000;
  addEventListener("submit", (e) => {
    const form = e.target;
    if (!(cut || (shell && !leave)) || (form.method === "get" && form.id !== "scan")) return;
    e.preventDefault();
    e.stopImmediatePropagation();
    if (form.id !== "scan") return taken(form, e.submitter);
    const text = field().value.trim(), at = performance.now();
    field().value = "";
    // Some scanners end a code with two line ends: the second one is not a key that somebody pressed.
    if (!text && at - entered < 300) return;
    entered = at;
    scan(text);
  }, true); // on the window, so before any other
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape" && cut) field() && (field().value = ""), inTurn(async () => clear());
  });

  // --- leaving with acts that were not sent
  const goOn = () => {
    if (!/\/(deconnexion|connexion\/sessions)$/.test(leave)) return history.back();
    const form = el("form", { method: "post", action: leave, hidden: true });
    document.body.append(form);
    form.submit();
  };
  const sendAndLeave = async () => {
    await look();
    await refresh();
    if (!acts.length) goOn();
    else if (!trouble) trouble = say(gone ? "gone" : cut ? "still_cut" : "refused");
    render();
  };

  const begin = async () => {
    if (person && !shell) await kept.forget(person);
    await refresh();
    if (results.length && results.every((r) => r.state !== "unsettled" && Date.now() - r.at > 600000)) await kept.read();
    if (shell && !leave) {
      const q = new URLSearchParams(location.search);
      await cutNow(q.get("code") ? { text: q.get("code") } : undefined);
    }
    render();
    if (hub) await look();
    if (!shell) setInterval(() => document.hidden || cut || look(), 60000);
  };
  begin().catch(() => {});
})();
