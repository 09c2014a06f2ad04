// Buttons that copy the text beside them; without a clipboard (plain http on another host) they select it instead.
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      const words = button.textContent;
      button.textContent = "✓";
      setTimeout(() => (button.textContent = words), 1500);
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling);
    }
  });
}
