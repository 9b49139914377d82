// On a resource's calendar a span is drawn over the free hours of one day, with a mouse, a
// finger or the keyboard, and leads to the check step. Without this the hours are plain links.
(() => {
  let table, from, to, drawing = false, drawn = false;
  const cells = (row) => [...row.querySelectorAll("a[data-from]")];
  const chosen = () => {
    const all = cells(from.closest("tr"));
    let [a, b] = [all.indexOf(from), all.indexOf(to)].sort((x, y) => x - y);
    return all.slice(a, b + 1);
  };
  // reach ends the span at a cell, if all between is free and of the same day.
  const reach = (cell) => {
    if (!from || cell.closest("tr") !== from.closest("tr")) return;
    const was = to;
    to = cell;
    const span = chosen();
    if (span.some((c, i) => i && c.dataset.from !== span[i - 1].dataset.to)) to = was;
    else paint();
  };
  const paint = () => {
    table.querySelectorAll("[data-drawn]").forEach((c) => c.removeAttribute("data-drawn"));
    const span = from ? chosen() : [];
    span.forEach((c) => c.setAttribute("data-drawn", ""));
    if (span.length > 1) say(words(span));
  };
  const clock = (iso) => new Intl.DateTimeFormat(document.documentElement.lang + "-CA", { timeZone: table.dataset.zone, hour: "numeric", minute: "2-digit" }).format(new Date(iso)).replace(/\sh\s00$/, "\u00a0h");
  const words = (span) => table.dataset[drawing ? "drawn" : "keys"].replace("{from}", clock(span[0].dataset.from)).replace("{to}", clock(span[span.length - 1].dataset.to));
  const say = (text) => {
    const at = document.getElementById("drawn");
    if (at) at.textContent = text;
  };
  const drop = () => {
    from = to = null;
    drawing = false;
    if (table) paint();
    say("");
  };
  const go = () => {
    const span = chosen();
    const address = new URL(table.dataset.draw, location.href);
    address.searchParams.set("debut", span[0].dataset.from);
    address.searchParams.set("fin", span[span.length - 1].dataset.to);
    location.assign(address);
  };
  const cellAt = (e) => {
    const at = document.elementFromPoint(e.clientX, e.clientY);
    return at && at.closest("[data-draw] a[data-from]");
  };
  const begin = (cell) => {
    table = cell.closest("table");
    from = to = cell;
  };
  document.addEventListener("pointerdown", (e) => {
    const cell = e.target.closest && e.target.closest("[data-draw] a[data-from]");
    if (!cell || e.button || e.ctrlKey || e.metaKey || e.shiftKey) return;
    drop();
    begin(cell);
    drawing = true;
    if (cell.hasPointerCapture && cell.hasPointerCapture(e.pointerId)) cell.releasePointerCapture(e.pointerId);
  });
  document.addEventListener("pointermove", (e) => {
    if (!drawing) return;
    const cell = cellAt(e);
    if (cell) reach(cell);
  });
  document.addEventListener("pointerup", () => {
    if (!drawing) return;
    drawing = false;
    if (from !== to) {
      // The click that follows is none on a link.
      drawn = true;
      setTimeout(() => (drawn = false), 50);
      go();
    } else drop();
  });
  document.addEventListener("pointercancel", drop);
  document.addEventListener("dragstart", (e) => {
    if (e.target.closest && e.target.closest("[data-draw] a[data-from]")) e.preventDefault();
  });
  document.addEventListener("click", (e) => drawn && e.target.closest("[data-draw]") && e.preventDefault(), true);
  document.addEventListener("keydown", (e) => {
    const cell = e.target.closest && e.target.closest("[data-draw] a[data-from]");
    if (!cell || e.ctrlKey || e.altKey || e.metaKey) return;
    const row = cell.closest("tr"), all = cells(row), at = all.indexOf(cell);
    if (e.key === "Escape") return drop();
    if (e.key === "Enter" && from && from !== to) {
      e.preventDefault();
      return go();
    }
    let next;
    if (e.key === "ArrowRight") next = all[at + 1];
    else if (e.key === "ArrowLeft") next = all[at - 1];
    else if (e.key === "Home") next = all[0];
    else if (e.key === "End") next = all[all.length - 1];
    else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      const rows = [...row.parentNode.rows].filter((r) => cells(r).length);
      const other = rows[rows.indexOf(row) + (e.key === "ArrowDown" ? 1 : -1)];
      const hour = (c) => c.dataset.from.slice(11);
      next = other && (cells(other).find((c) => hour(c) >= hour(cell)) || cells(other).pop());
    } else return;
    e.preventDefault();
    if (!next) return;
    if (e.shiftKey) {
      if (!from) begin(cell);
      reach(next);
      if (to === next) rove(next);
    } else {
      drop();
      rove(next);
    }
  });
  // One cell of the table is a stop of the tab key: the arrows lead to the others.
  const rove = (cell) => {
    const all = cell.closest("table").querySelectorAll("a[data-from]");
    all.forEach((c) => (c.tabIndex = c === cell ? 0 : -1));
    cell.focus();
  };
  const ready = () => {
    const grid = document.querySelector("[data-draw]");
    if (!grid) return;
    grid.querySelectorAll("a[data-from]").forEach((c, i) => (c.tabIndex = i ? -1 : 0));
  };
  document.addEventListener("canot:live", ready);
  ready();
})();
