// Files that are chosen, or dropped anywhere on the page, are sent to this machine's own server,
// which answers with a number for each; the page is told the numbers.
(() => {
  "use strict";
  const send = async (files) => {
    const numbers = [];
    let error = "";
    for (const [i, file] of [...files].entries()) {
      emitEvent("file_sending", { name: file.name, index: i + 1, count: files.length });
      try {
        const url = `/files?name=${encodeURIComponent(file.name)}`;
        const answer = await fetch(url, { method: "PUT", body: file });
        const said = await answer.json();
        if (said.error) error = said.error;
        else numbers.push(said.file);
      } catch {
        error = `${file.name} could not be read: is it still there?`;
      }
      if (error) break;
    }
    emitEvent("files_sent", { numbers, error });
  };
  document.addEventListener("change", (event) => {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || input.id !== "files" || !input.files.length) return;
    send(input.files).finally(() => (input.value = ""));
  });
  const zone = () => document.querySelector(".drop");
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  for (const name of ["dragenter", "dragover"]) {
    window.addEventListener(name, (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault(); // else the browser would leave the page for the file
      zone()?.classList.add("over");
    });
  }
  for (const name of ["dragleave", "dragend", "drop"]) {
    window.addEventListener(name, () => zone()?.classList.remove("over"));
  }
  window.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    send(event.dataTransfer.files);
  });
  // A figure may leave the page while the library that draws it is still being loaded, which then
  // finds no place to draw in; that is no error.
  window.addEventListener("unhandledrejection", (event) => {
    if (/must be passed a displayed plot div/.test(event.reason?.message)) event.preventDefault();
  });
  // The slider between before and after moves in the page alone.
  document.addEventListener("input", (event) => {
    if (!event.target.classList?.contains("cut")) return;
    event.target.closest(".compare").style.setProperty("--cut", `${event.target.value}%`);
  });
})();
