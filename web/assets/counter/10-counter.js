// The counter: one field that always has the focus, a panel with what is open, and a board that
// follows what happens. All of it works by plain forms; this brings only the pieces that change.
(() => {
  const form = document.getElementById("scan");
  const piece = (id, page = document) => page.getElementById(id);
  if (!form || !piece("panneau")) return;
  const field = piece("code"), said = piece("dit"), path = piece("tableau").dataset.path;
  const narrow = matchMedia("(max-width:30rem)");
  const finger = matchMedia("(pointer: coarse)").matches;
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(name, { detail }));

  // On a phone the field would open the keyboard over what is to be read: it has the focus there only
  // once somebody has put it there.
  const focus = () => {
    if (!finger || document.activeElement === field || field.dataset.used) field.focus({ preventScroll: true });
  };
  field.addEventListener("input", () => (field.dataset.used = "1"));

  // --- pieces
  const say = (text) => {
    said.replaceChildren();
    said.classList.remove("wrong-said");
    if (text) said.append(Object.assign(document.createElement("p"), { textContent: text }));
  };
  const copied = (from, to) => {
    for (const e of from.querySelectorAll("#sans input[id]:not([type=radio],[type=checkbox]),#sans select")) {
      const same = e.value && to.querySelector("#" + CSS.escape(e.id));
      if (same && !same.value && e.id !== "ajout") same.value = e.value;
    }
  };
  // What somebody has begun to sign stays as it is while the same is handed to the same person.
  const signed = (from, to) => {
    const [was, is] = [from, to].map((panel) => panel.querySelector(".sign")), whom = (e) => e.form.id + (e.form.querySelector("[name=booking],[name=pour]") || {}).value;
    if (was && is && whom(was) === whom(is)) is.replaceWith(was);
  };
  const apply = (page, address, went, asking) => {
    const panel = piece("panneau", page), state = piece("etat", page);
    if (!panel || !state) {
      if (went) return location.assign(address);
      // A page of its own says what went wrong: its words belong here, its address leads nowhere.
      const words = [...page.querySelectorAll("main h1,main .lead,main .wrong,main li")].map((e) => e.textContent.trim()).filter(Boolean);
      say([...new Set(words)].join(" ") || page.title);
      said.classList.add("wrong-said");
      said.scrollIntoView({ block: "nearest" });
      return focus();
    }
    copied(piece("panneau"), panel);
    signed(piece("panneau"), panel);
    piece("panneau").replaceWith(panel);
    piece("etat").replaceWith(state);
    document.title = page.title;
    document.querySelector("h1").textContent = page.querySelector("h1").textContent;
    const other = page.querySelector(".top [hreflang]"), ours = document.querySelector(".top [hreflang]");
    if (other && ours) ours.href = other.href;
    history.replaceState(null, "", address);
    const fresh = piece("tableau", page);
    if (fresh.childElementCount) board(fresh, fresh.dataset.stamp, asking);
    const words = piece("dit", page).textContent.trim();
    say(words);
    ready(panel);
    focus();
    const open = panel.querySelector(".panel,.wrong");
    if (open && (narrow.matches || panel.getBoundingClientRect().top < 0)) (said.textContent ? said : open).scrollIntoView({ block: "start" });
    tell("canot:live", panel);
  };
  // Answers are counted as they are asked for: a board that was asked for before the one shown is an older one.
  let asked = 0, shown = 0;
  const busy = (on) => piece("panneau").toggleAttribute("aria-busy", on) && piece("panneau").setAttribute("aria-busy", "true");
  // One thing after the other, in the order in which it was scanned: what is open is that of the one before.
  // Once the line is seen to be down, what follows goes on without it as well: not past it.
  let turn = Promise.resolve();
  const inTurn = (f, cut) =>
    (turn = turn.then(async () => {
      const down = document.body.classList.contains("cut");
      busy(true);
      let answer, text, asking;
      try {
        if (down) throw new Error("no line");
        asking = ++asked;
        answer = await f();
        text = answer && (await answer.text());
      } catch {
        busy(false);
        const detail = { ...cut(), again: down };
        tell("canot:cut", detail);
        return detail.taken;
      }
      if (answer) {
        tell("canot:line");
        apply(new DOMParser().parseFromString(text, "text/html"), answer.url, answer.ok || answer.redirected, asking);
      }
      busy(false);
    }).catch(() => location.reload()));
  const get = (address) => inTurn(() => fetch(address, { headers: { Accept: "text/html" } }), () => ({ address }));

  const key = () => crypto.randomUUID ? crypto.randomUUID().replaceAll("-", "") : Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const post = (address, fields, enctype) =>
    fetch(address, { method: "POST", headers: { Accept: "text/html" }, body: enctype === "multipart/form-data" ? fields : new URLSearchParams(fields) });
  // stamped adds when it was done, and when this device last had contact.
  const stamped = (fields) => {
    fields.set("instant", new Date().toISOString());
    const contact = piece("etat").querySelector("[name=contact]");
    if (contact && contact.value) fields.set("contact", contact.value);
    return fields;
  };

  // --- the field
  const scan = (text) =>
    inTurn(
      () => {
        if (!text) {
          const main = document.querySelector("#panneau [data-enter]:not([data-none])");
          if (main && main.href) return fetch(main.href, { headers: { Accept: "text/html" } });
          if (main) return filled(main.form, main).then((fields) => post(main.form.action, fields, main.form.enctype));
          if (!piece("etat").querySelector("[name=r]")) return null;
        }
        const fields = stamped(new FormData(form));
        fields.set("code", text);
        fields.set("cle", key());
        const name = document.querySelector("#sans #nom");
        if (name) fields.set("nom", name.value);
        return post(form.action, fields);
      },
      () => ({ text }),
    );
  let entered = -1000;
  form.addEventListener("submit", (e) => {
    if (e.defaultPrevented) return;
    e.preventDefault();
    const text = field.value.trim(), now = performance.now();
    field.value = "";
    // Some scanners end a code with two line ends: the second one is not a key that somebody pressed.
    if (!text && now - entered < 300) return;
    entered = now;
    scan(text);
  });
  document.addEventListener("keydown", (e) => {
    if (e.key === "Escape") {
      if (field.value) field.value = "";
      else if (document.querySelector("#panneau :is(.panel,.wrong)") || location.search || location.pathname !== new URL(path, location).pathname) get(path);
      say("");
      return focus();
    }
    const choices = [...document.querySelectorAll("#panneau .choose")], at = choices.indexOf(document.activeElement);
    if ((e.key === "ArrowDown" || e.key === "ArrowUp") && choices.length && (at >= 0 || document.activeElement === field)) {
      e.preventDefault();
      const next = at + (e.key === "ArrowDown" ? 1 : -1);
      return (choices[next] || field).focus();
    }
  });

  // --- forms and links of the pieces
  const small = async (file) => {
    if (!file.type.startsWith("image/") || file.size < 400000 || !window.createImageBitmap) return file;
    const picture = await createImageBitmap(file).catch(() => null);
    if (!picture) return file;
    const less = Math.min(1, 1600 / Math.max(picture.width, picture.height));
    const sheet = Object.assign(document.createElement("canvas"), { width: picture.width * less, height: picture.height * less });
    sheet.getContext("2d").drawImage(picture, 0, 0, sheet.width, sheet.height);
    return new Promise((done) => sheet.toBlob((blob) => done(blob || file), "image/jpeg", 0.85));
  };
  const filled = async (from, submitter) => {
    const signed = from.querySelector("canvas.pad[data-drawn]");
    if (signed) from.querySelector("[name=signature]").value = signed.toDataURL("image/png");
    const fields = stamped(new FormData(from, submitter));
    const photos = fields.getAll("photo").filter((f) => f.size);
    fields.delete("photo");
    for (const f of photos) fields.append("photo", await small(f), "photo.jpg");
    return fields;
  };
  let replaced = 0;
  document.addEventListener("submit", (e) => {
    const from = e.target;
    if (e.defaultPrevented || from === form || from.method !== "post" || !from.closest("#panneau,#tableau")) return;
    e.preventDefault();
    if (from.closest("#tableau") && performance.now() - replaced < 350) return; // the row under the finger has just become another
    inTurn(
      async () => post(from.action, await filled(from, e.submitter), from.enctype),
      () => ({ form: from, submitter: e.submitter }),
    );
  });
  document.addEventListener("click", (e) => {
    const link = e.target.closest("#panneau a[href],#tableau a[href]");
    if (!link || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    const to = new URL(link.href), home = new URL(path, location).pathname;
    if (to.hash || to.pathname !== home && to.pathname !== home + "/sans-reservation") return;
    e.preventDefault();
    if (link.closest("#tableau")) scrollTo({ top: 0 });
    get(link.href);
  });

  // --- what a panel needs
  const pad = (canvas) => {
    const ink = canvas.getContext("2d"), ways = canvas.nextElementSibling;
    const clear = () => {
      ink.fillStyle = "#fff";
      ink.fillRect(0, 0, canvas.width, canvas.height);
      delete canvas.dataset.drawn;
    };
    const at = (e) => {
      const box = canvas.getBoundingClientRect();
      return [((e.clientX - box.left) * canvas.width) / box.width, ((e.clientY - box.top) * canvas.height) / box.height];
    };
    canvas.hidden = ways.hidden = false;
    clear();
    Object.assign(ink, { lineWidth: 3, lineCap: "round", lineJoin: "round", strokeStyle: "#111" });
    canvas.addEventListener("pointerdown", (e) => {
      e.preventDefault();
      canvas.setPointerCapture(e.pointerId);
      ink.beginPath();
      ink.moveTo(...at(e));
    });
    canvas.addEventListener("pointermove", (e) => {
      if (!canvas.hasPointerCapture(e.pointerId)) return;
      ink.lineTo(...at(e));
      ink.stroke();
      canvas.dataset.drawn = "1";
    });
    ways.querySelector("button").addEventListener("click", clear);
  };
  const ready = (panel) => panel.querySelectorAll("canvas.pad[hidden]").forEach(pad);
  // What is ticked by hand is open as what is scanned is.
  document.addEventListener("change", (e) => {
    const from = e.target.form;
    if (!from || e.target.name !== "u" || !e.target.closest("#panneau")) return;
    const units = [...from.querySelectorAll("[name=u]:checked")].map((u) => u.value), state = piece("etat");
    state.querySelectorAll("[name=u]").forEach((u) => u.remove());
    for (const value of units) state.append(Object.assign(document.createElement("input"), { type: "hidden", name: "u", value }));
    const address = new URL(location);
    address.searchParams.delete("u");
    for (const u of units) address.searchParams.append("u", u);
    history.replaceState(null, "", address);
    const main = from.querySelector("[data-enter]");
    if (!main) return;
    main.toggleAttribute("data-none", !units.length);
    const count = main.querySelector(".n") || main.appendChild(Object.assign(document.createElement("b"), { className: "n" }));
    count.textContent = units.length || "";
  });

  // --- the board
  const sameAs = (e) => e.href || (e.form && e.form.action + new URLSearchParams(new FormData(e.form)));
  const board = (fresh, stamp, asking) => {
    if (asking < shown) return;
    shown = asking;
    const ours = piece("tableau"), had = ours.contains(document.activeElement) && sameAs(document.activeElement);
    ours.replaceChildren(...fresh.childNodes);
    ours.dataset.stamp = stamp;
    replaced = performance.now();
    const way = document.querySelector(".board-way");
    if (way) way.remove();
    if (!had) return;
    const again = [...ours.querySelectorAll("a[href],button")].find((e) => sameAs(e) === had);
    (again || field).focus({ preventScroll: true });
  };
  const look = async () => {
    const asking = ++asked;
    const answer = await fetch(path + "/tableau").catch(() => null);
    if (!answer) return tell("canot:doubt");
    if (answer.status === 401) return location.reload();
    if (!answer.ok) return;
    tell("canot:line");
    const text = await answer.text().catch(() => null);
    if (text === null) return tell("canot:doubt");
    board(new DOMParser().parseFromString(text, "text/html").body, answer.headers.get("Canot-Stamp") || "", asking);
  };
  let events, slowly;
  const watch = () => {
    if (events) events.close();
    clearInterval(slowly);
    if (document.hidden || !window.EventSource) return;
    events = new EventSource(path + "/direct?depuis=" + encodeURIComponent(piece("tableau").dataset.stamp || "-"));
    events.addEventListener("open", () => tell("canot:line"));
    events.addEventListener("changed", (e) => e.data !== piece("tableau").dataset.stamp && look());
    events.addEventListener("ended", () => location.reload());
    events.addEventListener("error", () => {
      tell("canot:doubt");
      if (events.readyState === EventSource.CLOSED) slowly = setInterval(() => document.hidden || look(), 60000);
    });
  };
  document.addEventListener("visibilitychange", watch);
  if (!piece("tableau").childElementCount) piece("tableau").dataset.stamp = "";
  ready(piece("panneau"));
  watch();
  focus();
})();
