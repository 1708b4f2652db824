// A link into something folded opens it.
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  const own = target.querySelector(":scope > details.fold");
  if (own) own.open = true;
  for (let e = target.closest("details"); e; e = e.parentElement.closest("details")) {
    e.open = true;
  }
  target.scrollIntoView();
}

addEventListener("hashchange", reveal);
addEventListener("load", reveal);
