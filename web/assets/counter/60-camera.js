// A phone's camera reads codes into the field: with what the browser has for that, or else with a
// reader of QR that is fetched only then. It is closed when the page is left or hidden.
const camera = (() => {
  const press = document.getElementById("camera"), view = document.getElementById("camera-view"), none = document.getElementById("camera-none");
  // reader is what reads codes out of a picture: a canvas or a video.
  const reader = async () => {
    if ("BarcodeDetector" in window) {
      const known = await BarcodeDetector.getSupportedFormats().catch(() => []);
      if (known.includes("qr_code")) {
        const own = new BarcodeDetector({ formats: ["qr_code", "code_128"].filter((f) => known.includes(f)) });
        return async (picture) => ((await own.detect(picture).catch(() => []))[0] || {}).rawValue || "";
      }
    }
    if (!window.jsQR)
      await new Promise((done, fail) => document.head.append(Object.assign(document.createElement("script"), { src: press.dataset.reader, onload: done, onerror: fail })));
    const canvas = document.createElement("canvas"), sheet = canvas.getContext("2d", { willReadFrequently: true });
    return async (picture) => {
      const wide = picture.videoWidth || picture.width, high = picture.videoHeight || picture.height;
      if (!wide) return "";
      const less = Math.min(1, 640 / Math.max(wide, high)); // a code fills the view; more pixels only take time
      canvas.width = wide * less;
      canvas.height = high * less;
      sheet.drawImage(picture, 0, 0, canvas.width, canvas.height);
      const found = jsQR(sheet.getImageData(0, 0, canvas.width, canvas.height).data, canvas.width, canvas.height, { inversionAttempts: "dontInvert" });
      return found ? found.data : "";
    };
  };
  if (!press || !view || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) return { reader };
  const video = view.querySelector("video");
  let stream, last = "", at = 0;
  const shown = (open) => {
    view.hidden = !open;
    press.setAttribute("aria-expanded", open);
    press.textContent = open ? press.dataset.stop : press.dataset.open;
  };
  const stop = () => {
    if (stream) for (const track of stream.getTracks()) track.stop();
    stream = video.srcObject = null;
    shown(false);
  };
  // give puts a code into the field as a scanner does; the same one counts again after two seconds without it.
  const give = (text) => {
    const now = performance.now();
    const again = text === last && now - at < 2000;
    [last, at] = [text, now];
    const field = document.getElementById("code");
    if (again || !field || !field.form) return;
    field.value = text;
    field.form.requestSubmit();
    if (navigator.vibrate && navigator.userActivation && navigator.userActivation.hasBeenActive) navigator.vibrate(60);
  };
  const start = async () => {
    none.textContent = "";
    try {
      const [read, got] = await Promise.all([reader(), navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false })]);
      stream = video.srcObject = got;
      shown(true);
      await video.play();
      while (stream === got) {
        const text = await read(video);
        if (stream !== got) return;
        if (text) give(text);
        await new Promise((next) => setTimeout(next, 120));
      }
    } catch {
      stop();
      none.textContent = none.dataset.words;
    }
  };
  press.hidden = false;
  press.addEventListener("click", () => (stream ? stop() : start()));
  document.addEventListener("visibilitychange", () => document.hidden && stop());
  addEventListener("pagehide", stop);
  return { reader };
})();
