// Tells times in the reader's own clock.
const short = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const long = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

function fromNow(moment) {
  const seconds = (moment - Date.now()) / 1000;
  if (Math.abs(seconds) < 60) return "just now";
  if (Math.abs(seconds) > 60 * 86400) return day.format(moment);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each);
  return relative.format(Math.round(seconds / size), unit);
}

export function tellTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (time.classList.contains("when")) time.textContent = fromNow(moment);
    else time.textContent = (time.classList.contains("exact") ? exact : short).format(moment);
  }
}

export function tellTheTime() {
  const parts = short.formatToParts().filter(({ type }) => type === "hour" || type === "minute");
  const now = parts.map(({ value }) => value).join(":");
  for (const clock of document.querySelectorAll(".clock")) clock.textContent = now;
  for (const date of document.querySelectorAll(".date")) date.textContent = long.format();
}
