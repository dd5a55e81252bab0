// What is secret in the link stands behind its `#`, which no browser sends. It goes into the form, and out of the address
// and the history. Without this script it is copied by hand.
const field = document.getElementById("secret");
const byHand = document.getElementById("by-hand");

function take() {
  const secret = location.hash.slice(1);
  if (secret) {
    field.value = secret;
    history.replaceState(null, "", location.pathname + location.search);
  }
  byHand.hidden = Boolean(field.value);
}

take();
// Whoever opens another link where this page is open already.
addEventListener("hashchange", take);
