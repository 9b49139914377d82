// What a counter knows without a line: the copy that the server gave of it, and the acts that wait to
// be sent. Nothing here asks or keeps anything, so that it can be tried by itself.
const world = (() => {
  // inLabel is the code in the address of a label, undefined for what is none: what follows the last /u/,
  // without a query or a fragment, decoded. A keyboard of another layout makes another character of a
  // slash, é on a Canadian French one, and may of a percent sign.
  const inLabel = (text) => {
    const slashes = ["/", "é"], after = /^https?.(.)\1/iu.exec(text);
    if (after && !/[a-z0-9-]/i.test(after[1])) slashes.push(after[1].toLowerCase());
    for (const slash of slashes) {
      const mark = `${slash}u${slash}`, at = text.toLowerCase().lastIndexOf(mark);
      if (at < 0) continue;
      let code = text.slice(at + mark.length).split(slash)[0].split(slash === "é" ? /[?#É/]/u : /[?#]/)[0];
      if (slash !== "/") code = code.replaceAll('"', "@");
      if (!code.includes("%")) code = code.replace(/[^A-Za-z0-9._~$&+=:@"-]([0-9A-F]{2})/giu, "%$1");
      try {
        code = decodeURIComponent(code);
      } catch {
        // as it stands
      }
      return code.trim();
    }
  };
  // read is the code that a scanner or a hand gave: the whole of a label's, else the last run of letters,
  // figures and hyphens.
  const read = (text) => {
    text = (text || "").trim();
    const label = inLabel(text);
    if (label !== undefined) return label.toUpperCase();
    return (text.toUpperCase().match(/[A-Z0-9-]+/g) || []).map((run) => run.replace(/^-+|-+$/g, "")).filter(Boolean).pop() || "";
  };
  const plain = (code) => code.replaceAll("-", "");
  const live = ["confirmed", "in_use"];

  // of makes the state of the counter from a copy and the acts after it.
  const of = (copy, acts) => {
    const w = { zone: copy.zone, units: new Map(), codes: new Map(), bookings: new Map(), loans: new Map(), has: (id) => w.units.get(id) || w.codes.get(id) };
    for (const u of copy.units || []) w.units.set(u.id, u), w.codes.set(u.code, u);
    for (const b of copy.bookings || []) w.bookings.set(b.id, { ...b });
    for (const l of copy.loans || []) w.loans.set(l.unit, l);
    for (const a of acts) apply(w, a);
    return w;
  };
  // apply does an act to a state.
  const apply = (w, act) => {
    const unit = act.unit && w.has(act.unit);
    const booking = act.booking && w.bookings.get(act.booking);
    if (act.kind === "check_in" && unit) {
      const loan = w.loans.get(unit.id);
      w.loans.delete(unit.id);
      const whose = loan && w.bookings.get(loan.booking);
      if (whose && ![...w.loans.values()].some((l) => l.booking === whose.id)) whose.status = "completed";
    }
    if (!booking) return;
    if (act.kind === "arrive") booking.status = "in_use";
    if (act.kind === "check_out" && unit) {
      booking.status = "in_use";
      w.loans.set(unit.id, { unit: unit.id, booking: booking.id, person: booking.person, due_at: booking.ends_at });
    }
  };
  // after is the copy as it is once an act is done: what is sent is not forgotten before the next copy comes.
  const after = (copy, act) => {
    const w = of(copy, [act]);
    return { ...copy, bookings: [...w.bookings.values()], loans: [...w.loans.values()] };
  };
  // find says what a code means.
  const find = (w, text) => {
    const code = read(text), label = inLabel((text || "").trim());
    if (!code) return { kind: "nothing", code };
    // The whole comes before a piece of it, which may be the code of another unit.
    const whole = label === undefined ? text.trim() : label;
    for (const as of [whole, whole.toUpperCase(), whole.toLowerCase(), ...(label === undefined ? [code] : [])]) {
      const unit = w.codes.get(as);
      if (unit) return { kind: "unit", code: unit.code, unit };
    }
    if (label !== undefined) return { kind: "nothing", code };
    const all = [...w.bookings.values()];
    const booking = all.find((b) => b.reference && plain(b.reference) === plain(code));
    if (booking) return { kind: "booking", code, booking };
    const theirs = all.filter((b) => b.card && b.card === code);
    if (theirs.length) return { kind: "person", code, bookings: theirs };
    if (plain(code).length < 3) return { kind: "nothing", code };
    const units = [...w.codes.values()].filter((u) => plain(u.code).endsWith(plain(code)));
    const ends = all.filter((b) => b.reference && plain(b.reference).endsWith(plain(code)));
    if (units.length === 1 && !ends.length) return { kind: "unit", code, unit: units[0] };
    if (ends.length === 1 && !units.length) return { kind: "booking", code, booking: ends[0] };
    if (units.length + ends.length) return { kind: "several", code, units, bookings: ends };
    return { kind: "nothing", code };
  };
  // may says whether a booking may begin or go on now: half an hour early at most, and not once it is over.
  const may = (b, now) => live.includes(b.status) && Date.parse(b.starts_at) - 1800000 <= now && now < Date.parse(b.ends_at);
  const lends = (b) => (b.lines || []).some((l) => l.kind === "equipment");
  // rows are what a booking is given, one row a unit: code is "" where it has none yet.
  const rows = (w, b, ticked) => {
    const all = [];
    for (const line of b.lines || []) {
      if (line.kind !== "equipment") continue;
      const of = (id) => w.units.get(id) && w.units.get(id).resource === line.resource;
      const out = [...w.loans.values()].filter((l) => l.booking === b.id && of(l.unit)).map((l) => l.unit);
      const now = ticked.filter(of);
      const rest = (line.units || []).filter((id) => !out.includes(id) && !now.includes(id));
      const code = (id) => (w.units.get(id) || { code: "" }).code;
      for (const id of out) all.push({ name: line.name, code: code(id), state: "out" });
      for (const id of now) all.push({ name: line.name, code: code(id), state: "ticked" });
      for (let left = line.quantity - out.length - now.length; left > 0; left--) all.push({ name: line.name, code: code(rest.shift()), state: "waiting" });
    }
    return all;
  };
  // promised is the other booking that a unit was given to, while this one would have it out.
  const promised = (w, unit, booking, now) =>
    [...w.bookings.values()]
      .filter((o) => (!booking || o.id !== booking.id) && ["held", "pending", ...live].includes(o.status) && Date.parse(o.ends_at) > now)
      .filter((o) => !booking || Date.parse(o.starts_at) < Date.parse(booking.ends_at))
      .filter((o) => (o.lines || []).some((l) => (l.units || []).includes(unit.id)))
      .sort((x, y) => Date.parse(x.starts_at) - Date.parse(y.starts_at))[0];
  // fits says whether a unit is of what a booking still waits for.
  const fits = (w, b, ticked, unit) =>
    (b.lines || []).some((l) => {
      if (l.kind !== "equipment" || l.resource !== unit.resource) return false;
      const same = (id) => w.units.get(id) && w.units.get(id).resource === l.resource;
      return [...w.loans.values()].filter((x) => x.booking === b.id && same(x.unit)).length + ticked.filter(same).length < l.quantity;
    });
  // instant is the server's time by a device: its clock, unless that was set back since the last contact.
  // contact is { server, device } at that contact, in milliseconds; ran how long the page has run since, where it has.
  const instant = (contact, clock, ran) => {
    const went = clock - contact.device;
    return contact.server + (ran !== undefined && went < ran - 120000 ? ran : went);
  };
  return { read, of, apply, after, find, may, lends, rows, promised, fits, instant };
})();
