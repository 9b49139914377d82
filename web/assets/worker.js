// The service worker. Pages are never kept. It keeps the style sheet, the script, the page that
// is shown when the line is down, and of one person's own only a small list: what they have booked
// next. That list goes as soon as somebody else, or nobody, is signed in.
const shell = "canot {sum}", mine = "canot-mine", list = "/compte/a-venir.json";
const files = ["{css}", "{js}", "/hors-ligne", "/en/hors-ligne"];
const leaving = /\/(deconnexion|connexion\/sessions|compte\/effacer|demo\/entrer)$/;

self.addEventListener("install", (e) => {
  e.waitUntil(caches.open(shell).then((kept) => kept.addAll(files.map((f) => new Request(f, { credentials: "omit", cache: "reload" })))).then(() => self.skipWaiting()));
});
self.addEventListener("activate", (e) => {
  const old = async () => {
    for (const name of await caches.keys()) if (name !== shell && name !== mine) await caches.delete(name);
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
const look = async (answer, path) => {
  const who = answer.headers.get("Canot-Session");
  if (who === null) return;
  const [was, at] = await whose();
  if (was && was !== who) await caches.delete(mine);
  if (who !== "-" && (was !== who || Date.now() - at > 300000 || path.includes("/reservations"))) await renew(path);
};
const visit = async (e, path) => {
  try {
    const answer = await fetch(e.request);
    e.waitUntil(look(answer, path).catch(() => {}));
    return answer;
  } catch {
    return caches.match(path === "/en" || path.startsWith("/en/") ? "/en/hors-ligne" : "/hors-ligne");
  }
};
self.addEventListener("fetch", (e) => {
  const { pathname: path, origin } = new URL(e.request.url);
  if (origin !== location.origin) return;
  if (e.request.method === "POST" && leaving.test(path)) {
    left++;
    e.waitUntil(caches.delete(mine));
  }
  if (e.request.method !== "GET") return;
  if (e.request.mode === "navigate") e.respondWith(visit(e, path));
  else if (files.includes(path)) e.respondWith(caches.match(path).then((kept) => kept || fetch(e.request)));
});
