// What every part of the page needs: to ask the simulator, to show what it sends, to tell aloud.
import { tellTimes } from "./times.js";

export const page = document.body.dataset;
export const byId = (id) => document.getElementById(id);

export async function post(path, given) {
  const answer = await fetch(`/phones/${page.key}/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(given),
  });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status}`);
  return answer.json();
}

export function elementOf(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  tellTimes(template.content);
  return template.content.firstElementChild;
}

export function announce(words) {
  byId("news").textContent = words;
}

export function calm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

export function bringIntoView(element) {
  element.scrollIntoView({ behavior: calm() ? "auto" : "smooth", block: "center" });
}
