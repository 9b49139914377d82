// The service worker. Pages are never kept. It keeps the style sheet, the script, the page that
// is shown when the line is down, and of one person's own only a small list: what they have booked
// next. That list goes as soon as somebody else, or nobody, is signed in. Where a counter was opened,
// it also keeps that page without anybody's data, and guards what the counter's own data base holds.
const shell = "canot {sum}", mine = "canot-mine", list = "/compte/a-venir.json";
const files = ["{css}", "{js}", "/hors-ligne", "/en/hors-ligne"];
const counter = "canot-counter {sum}", desk = ["{counter.css}", "{counter.js}", "/comptoir/hors-ligne", "/en/comptoir/hors-ligne"];
const leaving = /\/(deconnexion|connexion\/sessions|compte\/effacer|demo\/entrer)$/;

// What has its sum in its address is what it was when a page fetched it: it is not fetched again.
const keep = async (name, list) => (await caches.open(name)).addAll(list.map((f) => new Request(f, { credentials: "omit", cache: f.startsWith("/s/") ? "default" : "reload" })));
self.addEventListener("install", (e) => {
  const fill = async () => {
    await keep(shell, files);
    if ((await caches.keys()).some((name) => name.startsWith("canot-counter"))) await keep(counter, desk).catch(() => {});
    await self.skipWaiting();
  };
  e.waitUntil(fill());
});
self.addEventListener("activate", (e) => {
  const old = async () => {
    for (const name of await caches.keys()) if (![shell, mine, counter].includes(name)) await caches.delete(name);
    await self.clients.claim();
    await renew("");
  };
  e.waitUntil(old());
});
// left counts who has left: a list that was on its way for them is not kept.
let left = 0;
// renew fetches the list anew, in the language of a path, and forgets the one there was when
// somebody else is signed in now, or nobody.
const renew = async (path) => {
  const began = left;
  const answer = await fetch((path.startsWith("/en") ? "/en" : "") + list);
  if (!answer.ok) return caches.delete(mine);
  await (await caches.open(mine)).put(list, answer);
  if (began !== left) await caches.delete(mine);
};
// whose says for which session the list is that is kept, and when it came.
const whose = async () => {
  const kept = await caches.match(list);
  return kept ? [kept.headers.get("Canot-Session"), Date.parse(kept.headers.get("Date")) || 0] : ["", 0];
};
// A counter's data base: what may not stay once somebody else, or nobody, is signed in is what it
// copied of persons; what was done and not sent stays until it is sent, or given up by a person.
const base = async () => {
  if (!(await indexedDB.databases()).some((d) => d.name === "canot-counter")) return null;
  return new Promise((done) => {
    const ask = indexedDB.open("canot-counter");
    ask.onsuccess = () => {
      ask.result.onversionchange = () => ask.result.close();
      done(ask.result);
    };
    ask.onerror = () => done(null);
  });
};
const all = (db, store) => new Promise((done) => (db.transaction(store).objectStore(store).getAll().onsuccess = (e) => done(e.target.result)));
const unsent = async () => {
  const db = await base();
  if (!db) return 0;
  const acts = await all(db, "acts");
  db.close();
  return acts.length;
};
const forget = () => new Promise((done) => (self.indexedDB.deleteDatabase("canot-counter").onsuccess = done));
// guard forgets of the counter what is not of the person that an answer is for.
const guard = async (person) => {
  const db = await base();
  if (!db) return;
  const [copies, acts] = [await all(db, "copy"), await all(db, "acts")];
  const others = copies.filter((c) => c.person !== person);
  if (!acts.length && (person === "-" || others.length)) {
    db.close();
    return forget();
  }
  if (person !== "-") await Promise.all(others.map((c) => new Promise((done) => (db.transaction("copy", "readwrite").objectStore("copy").delete(c.hub).onsuccess = done))));
  db.close();
};
// leave lets somebody leave, unless acts of the counter wait to be sent: then they are asked first.
const leave = async (e, path) => {
  if (e.request.mode === "navigate" && (await unsent().catch(() => 0)))
    return Response.redirect((path.startsWith("/en/") ? "/en" : "") + "/comptoir/hors-ligne?quitter=" + encodeURIComponent(path), 303);
  const answer = await fetch(e.request);
  // Once more: a list may have been on its way since before, when they were still signed in.
  left++;
  await caches.delete(mine);
  if (!(await unsent().catch(() => 0))) await forget();
  await caches.delete(counter);
  return answer;
};
const look = async (answer, path) => {
  const who = answer.headers.get("Canot-Session"), person = answer.headers.get("Canot-Person");
  if (person !== null) await guard(person);
  if (who === null) return;
  const [was, at] = await whose();
  if (who === "-" || (was && was !== who)) {
    left++;
    await caches.delete(mine);
  }
  if (who !== "-" && (was !== who || Date.now() - at > 300000 || path.includes("/reservations"))) await renew(path);
};
const visit = async (e, path) => {
  try {
    const answer = await fetch(e.request);
    e.waitUntil(look(answer, path).catch(() => {}));
    return answer;
  } catch {
    const en = path === "/en" || path.startsWith("/en/") ? "/en" : "";
    return (/^(\/en)?\/comptoir(\/|$)/.test(path) && (await caches.match(en + "/comptoir/hors-ligne"))) || caches.match(en + "/hors-ligne");
  }
};
self.addEventListener("fetch", (e) => {
  const { pathname: path, origin } = new URL(e.request.url);
  if (origin !== location.origin) return;
  if (e.request.method === "POST" && leaving.test(path)) {
    left++;
    e.waitUntil(caches.delete(mine));
    return e.respondWith(leave(e, path));
  }
  if (e.request.method !== "GET") return;
  if (e.request.mode === "navigate") e.respondWith(visit(e, path));
  else if (files.includes(path) || desk.includes(path) || path.startsWith("/s/jsqr.")) e.respondWith(caches.match(path).then((kept) => kept || fetch(e.request)));
});
// A page of the counter asks to be kept.
self.addEventListener("message", (e) => {
  const fill = async () => {
    const list = [...desk, e.data.reader].filter((f) => typeof f === "string" && /^\/(s\/|comptoir|en\/)/.test(f));
    const kept = await caches.open(counter);
    for (const f of list) if (!(await kept.match(f))) await keep(counter, [f]);
  };
  if (!e.data) return;
  if (e.data.keep === "counter") e.waitUntil(fill().catch(() => {}));
  // A page that came without the worker, while it was slow to start, says so: it is looked after from now on.
  // So does the page where one signs in: what the pages before it still kept on their way out goes then.
  const found = async () => {
    await self.clients.claim();
    await look(await fetch(list), e.data.alone);
  };
  if (typeof e.data.alone === "string") e.waitUntil(found().catch(() => {}));
});
