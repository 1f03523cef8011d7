// OpenAPI document on stdin → src/api/schema.d.ts. Its first line holds the document's hash, by which a test sees that it is current.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import openapiTS, { astToString } from "openapi-typescript";

const document = (await text(process.stdin)).trim();
const hash = createHash("sha256").update(document).digest("hex");
const types = astToString(await openapiTS(JSON.parse(document), { alphabetize: true }));
writeFileSync(
  new URL("../src/api/schema.d.ts", import.meta.url),
  `// Made by \`make api\` from the server's OpenAPI document ${hash}; do not edit.\n${types}`,
);
