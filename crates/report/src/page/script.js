for (const choice of document.querySelectorAll("input[name=language]")) {
  choice.addEventListener("change", () => {
    document.documentElement.lang = choice.lang;
    document.title = choice.dataset.title;
  });
}
