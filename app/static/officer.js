// Copying a text to the clipboard; without this, it can be marked and copied by hand.
for (const button of document.querySelectorAll("[data-copies]")) {
  const status = document.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copies).textContent);
    status.textContent = status.dataset.copied;
  });
}
