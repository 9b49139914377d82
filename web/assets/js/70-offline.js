// What works without a line: the worker is put in place once the page is there, and the page that
// it shows then lists what was kept.
(() => {
  if (!("serviceWorker" in navigator)) return;
  // Where one signs in, the pages of who was signed in are gone: what they may still have kept goes now.
  addEventListener("load", () => navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready).then((r) => (navigator.serviceWorker.controller && !/\/connexion$/.test(location.pathname)) || (r.active && r.active.postMessage({ alone: location.pathname }))).catch(() => {}));
  const place = document.getElementById("kept");
  if (!place || !("caches" in window)) return;
  const show = async () => {
    const kept = await caches.match("/compte/a-venir.json");
    if (!kept) return;
    const { seen, bookings, lang } = await kept.json();
    const one = document.getElementById("kept-one");
    for (const b of bookings) {
      const row = one.content.cloneNode(true);
      for (const part of row.querySelectorAll("[data-is]")) {
        const text = b[part.dataset.is];
        // It may have been kept in the other language.
        if (lang) part.lang = lang;
        if (text) part.textContent = text;
        if (text && part.matches("a") && b.call) part.href = b.call;
        if (!text) (part.closest("[data-of]") || part).remove();
      }
      place.append(row);
    }
    const when = document.getElementById("kept-seen");
    when.textContent = seen;
    if (lang) when.lang = lang;
    for (const [id, hidden] of [["kept-some", false], ["kept-none", bookings.length > 0], ["kept-not", true]]) document.getElementById(id).hidden = hidden;
  };
  show().catch(() => {});
})();
