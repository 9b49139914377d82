// What a device keeps of counters, in its own data base: copy (by hub: what the server gave, whose it
// is, and the last contact), acts (what waits to be sent, in order) and results (what became of what was sent).
const kept = (() => {
  const name = "canot-counter";
  let opened, wiped = 0;
  const open = () =>
    (opened ??= new Promise((done, fail) => {
      const ask = indexedDB.open(name, 1);
      ask.onupgradeneeded = () => {
        ask.result.createObjectStore("copy", { keyPath: "hub" });
        ask.result.createObjectStore("acts", { keyPath: "id", autoIncrement: true });
        ask.result.createObjectStore("results", { keyPath: "id", autoIncrement: true });
      };
      ask.onsuccess = () => {
        const close = () => (wiped++, ask.result.close(), (opened = undefined));
        ask.result.onversionchange = close; // the worker takes all away when somebody leaves, or the browser does
        ask.result.onclose = close;
        done(ask.result);
      };
      ask.onerror = () => ((opened = undefined), fail(ask.error));
    }));
  // within runs f with stores, and is done when what it wrote is on the disk.
  const within = async (stores, mode, f) => {
    const db = await open();
    return new Promise((done, fail) => {
      const tx = db.transaction(stores, mode, { durability: "strict" });
      let answer;
      tx.oncomplete = () => done(answer);
      tx.onabort = tx.onerror = () => fail(tx.error);
      f((store) => tx.objectStore(store), (value) => (answer = value));
    });
  };
  const all = (store) => within([store], "readonly", (of, give) => (of(store).getAll().onsuccess = (e) => give(e.target.result)));
  const channel = "BroadcastChannel" in window ? new BroadcastChannel(name) : { postMessage() {} };
  const tell = () => channel.postMessage("changed");
  return {
    channel,
    acts: () => all("acts"),
    results: () => all("results"),
    copies: () => all("copy"),
    // wiped counts how often all was taken away: what was asked for before that is nobody's any more.
    wiped: () => wiped,
    // keep keeps a copy, and forgets those of anybody else; unless all was taken away since it was asked for.
    keep: (record, since) =>
      wiped === since && within(["copy"], "readwrite", (of) => {
        if (wiped !== since) return;
        of("copy").openCursor().onsuccess = (e) => {
          const at = e.target.result;
          if (!at) return of("copy").put(record);
          if (at.value.person !== record.person) at.delete();
          at.continue();
        };
      }),
    // forget forgets the copies of everybody but one, "" for all.
    forget: (person) =>
      within(["copy"], "readwrite", (of) => {
        of("copy").openCursor().onsuccess = (e) => {
          const at = e.target.result;
          if (!at) return;
          if (!person || at.value.person !== person) at.delete();
          at.continue();
        };
      }).then(tell),
    add: (acts) => within(["acts"], "readwrite", (of) => acts.forEach((a) => of("acts").add(a))).then(tell),
    change: (act) => within(["acts"], "readwrite", (of) => (of("acts").get(act.id).onsuccess = (e) => e.target.result && of("acts").put(act))).then(tell),
    // take gives an act to be sent: from then on what it says is fixed, for it may have arrived.
    take: (id) =>
      within(["acts"], "readwrite", (of, give) => {
        of("acts").get(id).onsuccess = (e) => {
          const act = e.target.result && { ...e.target.result, sent: true };
          if (act) of("acts").put(act), give(act);
        };
      }),
    // amend has a return say more. One that was sent stays as it is: the rest becomes an act of its own,
    // under the key given. It answers the key of the act that now says so.
    amend: (act, f, key) =>
      within(["acts"], "readwrite", (of, give) => {
        of("acts").get(act.id).onsuccess = (e) => {
          const was = e.target.result;
          if (was && !was.sent) return of("acts").put(f(was)), give(was.key);
          const { id, sent, refused, ...more } = f(was || act);
          of("acts").add({ ...more, key });
          give(key);
        };
      }).then((said) => (tell(), said)),
    // undo gives an act up, unless it was sent and nobody knows whether it arrived. It answers whether it did.
    undo: (id) =>
      within(["acts"], "readwrite", (of, give) => {
        of("acts").get(id).onsuccess = (e) => {
          const act = e.target.result, gone = !act || !act.sent || !!act.refused;
          if (gone) of("acts").delete(id);
          give(gone);
        };
      }).then((gone) => (tell(), gone)),
    drop: (ids) => within(["acts"], "readwrite", (of) => ids.forEach((id) => of("acts").delete(id))).then(tell),
    // sent takes an act out of what waits, notes what became of it, and has its effect in the copy, all at once.
    sent: (act, result) =>
      within(["acts", "results", "copy"], "readwrite", (of) => {
        of("acts").delete(act.id);
        of("results").add(result);
        if (result.state === "unsettled") return;
        of("copy").get(act.hub).onsuccess = (e) => {
          const was = e.target.result;
          if (was) of("copy").put({ ...was, copy: world.after(was.copy, act) });
        };
      }).then(tell),
    read: () => within(["results"], "readwrite", (of) => of("results").clear()).then(tell),
  };
})();
