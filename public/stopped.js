// What the app cannot say itself: that it does not run. index.html has the sentences, the style sheet uncovers one of them. In
// words that the oldest browser reads.
(function () {
  function stopped(why) {
    document.documentElement.setAttribute("data-stopped", why);
  }
  function broken() {
    stopped("broken");
  }
  if (typeof WebAssembly !== "object" || !("noModule" in document.createElement("script"))) {
    stopped("old");
  } else {
    addEventListener("error", broken, true);
    addEventListener("unhandledrejection", broken);
  }
})();
