// What the app cannot say itself: that it does not run, or no longer. index.html has the sentences, the style sheet uncovers one of
// them. In words that the oldest browser reads.
(function () {
  var crashed = false;
  function stopped(why) {
    document.documentElement.setAttribute("data-stopped", why);
  }
  function failed(event) {
    // A trap is what a panic ends in: after one, nothing of the app can be trusted to draw a page.
    crashed = crashed || (event.error || event.reason) instanceof WebAssembly.RuntimeError;
    stopped(crashed ? "crashed" : "broken");
  }
  if (typeof WebAssembly !== "object" || !("noModule" in document.createElement("script"))) {
    stopped("old");
  } else {
    addEventListener("error", failed, true);
    addEventListener("unhandledrejection", failed);
  }
})();
