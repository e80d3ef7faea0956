// The inbox: what would be in Slack, as it would be there, and mails.
import { Ago, At, Empty, Filter, Waiting, classes, html, link, useLatest, useQuery, words } from "../lib/index.js";

export const style = "/pages/slack/slack.css";

const text = {
  en: {
    title: "Slack", goes: "Messages go to", inbox: "the inbox: `bonkei slack`", none: "No message has arrived yet", none_text: "An alarm's change arrives here. Try one: Alarms, Rehearse.", no_match: "No message matches",
    more: "{n} older ones", mail: "E-mail to {to}", app: "Incoming webhook", bot: "APP", reply: "reply in a thread", here: "its alarm here", messages: "Messages", kept: "{n} messages",
  },
  ja: {
    title: "Slack", goes: "送り先:", inbox: "受信箱（`bonkei slack`）", none: "まだメッセージは届いていません", none_text: "アラームの変化がここに届きます。アラームのページのリハーサルで試せます。", no_match: "一致するメッセージはありません",
    more: "以前のもの {n} 件", mail: "{to} へのメール", app: "Incoming webhook", bot: "アプリ", reply: "スレッドへの返信", here: "ここのアラーム", messages: "メッセージ", kept: "{n} 件",
  },
};

export function Page() {
  const t = words(text);
  const [filter, setFilter] = useQuery("filter");
  const { data, error } = useLatest("slack", { filter });
  if (!data) return html`<div class="page"><h1 class="visually-hidden">${t("title")}</h1><${Waiting} error=${error} /></div>`;
  return html`<div class="page">
    <div class="page-head"><h1>${t("title")}</h1><span class="about">${t("kept", { n: data.total })} · ${t("goes")} ${data.where.startsWith("the inbox") ? t("inbox") : data.where}</span><span class="grow"></span>
      <${Filter} value=${filter} onInput=${setFilter} /></div>
    <section class="panel channel" aria-label=${t("messages")}>
      ${data.messages.length === 0 && html`<${Empty} title=${data.total ? t("no_match") : t("none")}>${!data.total && t("none_text")}<//>`}
      ${data.messages.map((one) => html`<${Message} key=${`${one.at} ${one.to}`} one=${one} />`)}
      ${data.more > 0 && html`<p class="panel-body faint">${t("more", { n: data.more })}</p>`}
    </section></div>`;
}

function Message({ one }) {
  const t = words(text);
  const mail = one.kind === "email";
  return html`<article class="message">
    <div class=${classes("avatar", mail && "mail")} aria-hidden="true">${mail ? "@" : "#"}</div>
    <div class="said">
      <p class="sender"><b>${one.from || (mail ? t("mail", { to: one.to }) : t("app"))}</b>${!mail && html`<span class="app">${t("bot")}</span>`}
        ${one.reply && html`<span class="app">${t("reply")}</span>`}<span class="faint"><${At} at=${one.at} /> · <${Ago} at=${one.at} /></span></p>
      <${Parts} parts=${one.parts} />
      ${one.attachments.map((each, index) => html`<div key=${index} class="attachment" style=${each.colour ? { borderLeftColor: each.colour } : undefined}><${Parts} parts=${each.parts} /></div>`)}
    </div></article>`;
}

function Parts({ parts }) {
  return parts.map((part, index) => html`<${Part} key=${index} part=${part} />`);
}

function Part({ part }) {
  if (part.kind === "divider") return html`<hr />`;
  if (part.kind === "header") return html`<p class="header"><${Spans} spans=${part.spans} /></p>`;
  if (part.kind === "code") return html`<pre class="code" tabindex="0"><${Spans} spans=${part.spans} /></pre>`;
  if (part.kind === "fields") return html`<div class="fields">${part.items.map((item, index) => html`<p key=${index}><${Spans} spans=${item} /></p>`)}</div>`;
  if (part.kind === "context") return html`<p class="context">${part.items.map((item, index) => html`<span key=${index}><${Spans} spans=${item} /></span>`)}</p>`;
  if (part.kind === "buttons") return html`<p class="row">${part.items.map((item, index) => html`<${Button} key=${index} item=${item} />`)}</p>`;
  return html`<p class="text"><${Spans} spans=${part.spans} /></p>`;
}

// A webhook's button can only open an address.
function Button({ item }) {
  const name = classes("button", item.style === "primary" && "primary", item.style === "danger" && "danger");
  if (!item.href) return html`<button type="button" class=${name} disabled>${item.text}</button>`;
  return html`<a class=${name} href=${item.href} target="_blank" rel="noopener noreferrer">${item.text}</a>`;
}

const ALARM = /#alarmsV2:alarm\/([^?]+)/; // of CloudWatch's console

// An address elsewhere; where it is that of an alarm, also the alarm here.
function Outside({ span }) {
  const t = words(text);
  const alarm = ALARM.exec(span.href)?.[1];
  return html`<a href=${span.href} target="_blank" rel="noopener noreferrer">${span.text}</a>
    ${alarm && html` · <a href=${link("alarms", decodeURIComponent(alarm))}>${t("here")}</a>`}`;
}

function Spans({ spans }) {
  return spans.map((span, index) => {
    if (span.href) return html`<${Outside} key=${index} span=${span} />`;
    if (span.code) return html`<code key=${index}>${span.text}</code>`;
    if (span.bold) return html`<b key=${index}>${span.text}</b>`;
    if (span.italic) return html`<i key=${index}>${span.text}</i>`;
    return span.strike ? html`<s key=${index}>${span.text}</s>` : span.text;
  });
}
