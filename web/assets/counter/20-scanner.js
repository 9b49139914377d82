// A scanner types faster than anybody: what it typed into another field goes where scans go, and that
// field gets back what it had.
(() => {
  const form = document.getElementById("scan"), field = document.getElementById("code");
  if (!form || !field) return;
  const writes = (e) => e.matches && e.matches("input:not([type=checkbox],[type=radio],[type=file]),textarea,select");
  const FAST = 40;
  let burst = null;
  document.addEventListener(
    "keydown",
    (e) => {
      const at = e.timeStamp, to = e.target;
      if (e.isComposing || e.ctrlKey || e.metaKey || e.altKey || ["Shift", "CapsLock", "Dead"].includes(e.key)) return;
      if (e.repeat) return (burst = null);
      if (e.key.length === 1) {
        if (!burst || at - burst.at > FAST) burst = { text: "", to, had: writes(to) ? to.value : null };
        burst.text += e.key;
        burst.at = at;
        return;
      }
      const was = burst;
      burst = null;
      if (e.key !== "Enter") return;
      const scanned = was && was.to === to && to !== field && was.text.length > 3 && at - was.at <= FAST;
      if (scanned) {
        if (was.had !== null) to.value = was.had, to.dispatchEvent(new Event("input", { bubbles: true }));
        field.value = was.text;
        form.requestSubmit();
      } else if (to.matches && to.matches("#sans input:not([type=checkbox],[type=radio],#ajout)")) field.focus({ preventScroll: true });
      else if (!to.matches || !to.matches("#panneau [name=raison]:not(#raison-refus)")) return; // a rule is set aside by its button alone
      e.preventDefault();
      e.stopImmediatePropagation();
    },
    true,
  );
  // What a scanner types where nothing can be written goes into the field.
  document.addEventListener("keydown", (e) => {
    if (e.key.length === 1 && e.key !== " " && !e.ctrlKey && !e.metaKey && !e.altKey && !writes(e.target)) field.focus({ preventScroll: true });
  });
})();
