// Keeps a page fresh. Every page works without it: it only repeats what a reload would show.
"use strict";
(() => {
  const connection = document.getElementById("connection");
  const say = (text) => {
    connection.textContent = text;
    connection.hidden = !text;
    document.body.classList.toggle("stale", Boolean(text));
  };

  const age = (seconds) =>
    seconds < 60 ? `${seconds} s ago` : seconds < 3600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3600)} h ago`;
  const skew = Date.parse(document.body.dataset.now) - Date.now(); // ages are by the server's clock
  const count = () => {
    for (const time of document.querySelectorAll("time[data-age]")) {
      const seconds = Math.max(0, Math.floor((Date.now() + skew - Date.parse(time.dateTime)) / 1000));
      if (seconds < 86400) time.textContent = age(seconds);
    }
  };
  setInterval(count, 1000);

  // The same page again: sections that differ are replaced, except the one that somebody writes or reads in.
  const refresh = async () => {
    const reply = await fetch(location.href, { headers: { "X-Refresh": "1" } });
    if (reply.redirected || !reply.ok) return location.reload();
    const made = new DOMParser().parseFromString(await reply.text(), "text/html");
    const old = document.getElementById("main");
    const fresh = made.getElementById("main");
    const parts = (of) => [...of.querySelectorAll("[id]")].filter((each) => !each.closest("svg") && !each.parentElement.closest("section[id]"));
    const same = (one, other) => parts(one).map((each) => each.id).join() === parts(other).map((each) => each.id).join();
    if (!same(old, fresh)) old.replaceChildren(...fresh.childNodes);
    else
      for (const part of parts(fresh)) {
        const shown = document.getElementById(part.id);
        if (shown.innerHTML === part.innerHTML || shown.contains(document.activeElement)) continue;
        const open = [...shown.querySelectorAll("details")].map((each) => each.open);
        shown.replaceChildren(...part.childNodes);
        shown.querySelectorAll("details").forEach((each, number) => (each.open = Boolean(open[number])));
      }
    old.dataset.version = fresh.dataset.version ?? "";
    document.title = made.title;
    count();
  };

  const listen = (address, hear) => {
    const source = new EventSource(address);
    source.onopen = () => say("");
    source.onerror = () =>
      say(source.readyState === EventSource.CLOSED ? "Not live any more: reload the page." : "Connection lost: what is shown may be old. Trying again.");
    hear(source);
  };

  if (document.body.dataset.events)
    listen(document.body.dataset.events, (source) =>
      source.addEventListener("status", (event) => {
        const told = JSON.parse(event.data);
        for (const [what, at] of Object.entries(told.looks))
          document.querySelectorAll(`time[data-look="${what}"]`).forEach((time) => (time.dateTime = at));
        count();
        if (told.version !== document.getElementById("main").dataset.version) setTimeout(() => refresh().catch(() => {}), Math.random() * 800);
      }),
    );

  const log = document.querySelector("[data-story]");
  if (log)
    listen(log.dataset.story, (source) => {
      const list = log.querySelector("ol");
      let shown = list.children.length;
      source.addEventListener("line", (event) => {
        const told = JSON.parse(event.data);
        if (told.number <= shown) return;
        shown = told.number;
        const item = document.createElement("li");
        item.textContent = told.text;
        list.append(item);
        item.scrollIntoView({ block: "nearest" });
      });
      source.addEventListener("end", () => {
        source.close();
        refresh().catch(() => location.reload());
      });
    });

  document.getElementById("problems")?.focus();
})();
