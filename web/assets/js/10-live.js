// Live pieces: a form or a link with data-live="#piece" brings the same page as without a
// script, and puts only that piece of it in the place of ours. Whatever goes wrong, the
// browser does what it would have done by itself.
(() => {
  let latest = 0;
  // here is the address of what is shown.
  const here = () => location.pathname + location.search;
  let shown = here();
  const bring = async (address, from) => {
    const piece = document.querySelector(from.dataset.live);
    if (!piece) throw new Error("no piece");
    const mine = ++latest;
    piece.setAttribute("aria-busy", "true");
    const answer = await fetch(address, { headers: { Accept: "text/html" }, credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== latest) return;
    const fresh = page.querySelector(from.dataset.live);
    if (!answer.ok || !fresh) throw new Error("no such piece");
    const focused = document.activeElement && document.activeElement.id;
    piece.replaceWith(fresh);
    document.title = page.title;
    // A link goes on to another page, and back leads from it to this one; a form that is filled in
    // stays the same page.
    if (from.matches("a")) history.pushState(null, "", answer.url);
    else history.replaceState(null, "", answer.url);
    shown = here();
    const lang = page.querySelector(".top [hreflang]"), ours = document.querySelector(".top [hreflang]");
    if (lang && ours) ours.href = lang.href;
    const again = focused && document.getElementById(focused);
    if (again && again !== document.activeElement) again.focus();
    const said = fresh.querySelector("[data-say]");
    if (said) say(said.textContent);
    document.dispatchEvent(new CustomEvent("canot:live", { detail: fresh }));
  };
  // say tells who does not see the page what has changed on it.
  const say = (text) => {
    let region = document.getElementById("said");
    if (!region) {
      region = Object.assign(document.createElement("p"), { id: "said", className: "quiet" });
      region.setAttribute("role", "status");
      document.body.append(region);
    }
    region.textContent = text;
  };
  const addressOf = (form) => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value !== "") query.append(name, value);
    const action = new URL(form.action);
    return action.pathname + "?" + query;
  };
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a[data-live]");
    if (!link || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    bring(link.href, link).catch(() => location.assign(link.href));
  });
  // Back and forward bring the whole page at the address that they lead to; a place on the page
  // that is shown needs nothing.
  addEventListener("popstate", () => here() !== shown && location.reload());
  document.addEventListener("change", (e) => {
    const form = e.target.form;
    if (form && form.matches("form[data-live]") && form.checkValidity()) bring(addressOf(form), form).catch(() => form.requestSubmit());
  });
})();
