/* Django's boxes to choose from carry names on elements that may have none: they are pictures. */
window.addEventListener("load", () => {
  document.querySelectorAll(".help-tooltip[aria-label]").forEach((each) => each.setAttribute("role", "img"));
});
