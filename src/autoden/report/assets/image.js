// The slider between before and after, the size of the pictures, and which of them is seen.
(() => {
  "use strict";
  const root = document.documentElement;
  for (const slider of document.querySelectorAll(".slider")) {
    const range = slider.querySelector("input");
    const cut = () => slider.style.setProperty("--cut", `${range.value}%`);
    range.addEventListener("input", cut);
    cut();
  }

  const buttons = [...document.querySelectorAll("button[data-zoom]")];
  for (const button of buttons) {
    button.addEventListener("click", () => {
      root.style.setProperty("--zoom", button.dataset.zoom);
      for (const b of buttons) b.setAttribute("aria-pressed", String(b === button));
    });
  }

  const menu = document.getElementById("view");
  if (menu) {
    menu.addEventListener("change", () => {
      for (const figure of document.querySelectorAll("figure.view")) {
        figure.hidden = Number(figure.dataset.view) !== menu.selectedIndex;
      }
    });
  }
})();
