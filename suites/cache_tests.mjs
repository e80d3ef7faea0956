// Runs cache-tests (its checkout, and the address of what stands before its server), and prints
// what the suite's own reader makes of each answer.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [checkout, base] = process.argv.slice(2)
const load = file => import(pathToFileURL(path.join(checkout, file)).href)
const suites = (await load('tests/index.mjs')).default
const { runTests, getResults } = await load('test-engine/client/runner.mjs')
const { determineTestResult } = await load('test-engine/lib/results.mjs')

await runTests(suites, false, base)
const results = getResults()
const cases = suites.flatMap(suite => suite.tests.map(test => ({
  suite: suite.id,
  id: test.id,
  kind: test.kind ?? 'required',
  sign: determineTestResult(suites, test.id, results, true)[2],
  answer: results[test.id]
})))
console.log(JSON.stringify(cases))
