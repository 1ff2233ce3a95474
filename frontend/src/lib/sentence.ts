/** The server's messages and reasons begin small and end open: here they are sentences. */
export function sentence(message: string): string {
  const text = message.trim();
  if (!text) return "";
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
}
