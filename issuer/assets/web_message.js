const { message, origin } = JSON.parse(document.getElementById("answer").textContent);
(window.opener ?? window.parent).postMessage(message, origin);