/* Panels ask the server again by htmx. They are quiet while nobody looks, ask at once when somebody
   looks again, keep asking while the server is away, and say so. */
(() => {
  "use strict";

  const lost = () => document.documentElement.classList.add("connection-lost");
  const back = () => document.documentElement.classList.remove("connection-lost");

  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.detail.requestConfig.verb === "get") {
      event.preventDefault();
    }
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) {
      document.querySelectorAll("[data-live]").forEach((each) => window.htmx.trigger(each, "look"));
    }
  });
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status >= 500) {
      lost();
    }
  });
  document.addEventListener("htmx:afterOnLoad", (event) => {
    if (event.detail.xhr.status < 500) {
      back();
    }
  });
})();
