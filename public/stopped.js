// What the app cannot do itself: say that it does not run, or no longer (index.html has the sentences, the style sheet uncovers one of
// them), and go on with its texts where the browser's translation has put others in their places. In words that the oldest browser reads.
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
    // A text that was translated is out of the page, where the app goes on changing it: it is back when it changes.
    var observer = new MutationObserver(function (changes) {
      changes.forEach(function (change) {
        var text = change.target, translated = change.addedNodes[0] || change.previousSibling;
        if (text.translated && !text.isConnected) {
          text.translated.replaceWith(text);
        }
        text = change.removedNodes[0];
        if (text && text.nodeType === 3 && translated && translated.nodeName === "FONT") {
          text.translated = translated;
          observer.observe(text, { characterData: true });
        }
      });
    });
    observer.observe(document.documentElement, { childList: true, subtree: true });
  }
})();
