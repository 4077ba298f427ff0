// Judges an AsyncAPI document by the official parser, then records by the schemas of the document's messages.
// Usage: node judge.mjs DOCUMENT < records; records: [{message, headers, payload}]. Answers {problems, verdicts} as JSON.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";
import Ajv from "ajv";
import addFormats from "ajv-formats";

const WORST_HINT = 2; // severities of the parser: 0 error, 1 warning, 2 information

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const problems = diagnostics
  .filter((found) => found.severity < WORST_HINT)
  .map((found) => `${found.path.join(".")}: ${found.message}`);

const ajv = addFormats(new Ajv({ strict: false }));
const meets = (schema, value) => !schema || ajv.validate(schema.json(), value);
const judge = ({ message: name, headers, payload }) => {
  const message = document.components().messages().get(name);
  return Boolean(message) && meets(message.headers(), headers) && meets(message.payload(), payload);
};

const records = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify({ problems, verdicts: document ? records.map(judge) : [] }));
