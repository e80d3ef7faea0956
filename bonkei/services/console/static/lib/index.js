// Everything a page needs: `import { html, useTopic, words, Table } from "../lib/index.js"`.
export * from "./ui.js";
export { act, ask, connection, Failure, useOnce, useTopic } from "./live.js";
export { useLatest } from "./latest.js";
export { language, words } from "./words.js";
export { go, link, place, resource, useQuery } from "./router.js";
export { useKeys } from "./keys.js";
export { colour } from "./colour.js";
export { kept } from "./kept.js";
export {
  Act, Ago, At, Bytes, bytes, Confirm, Copy, duration, Empty, Filter, kindOf, Problem, Resource, Status, Waiting,
} from "./small.js";
export { Name, shortened } from "./name.js";
export { Table } from "./table.js";
export { Times } from "./times.js";
export { Drawer } from "./drawer.js";
export { Definition, Place, Values } from "./definition.js";
export { Graph, Spark } from "./graph.js";
