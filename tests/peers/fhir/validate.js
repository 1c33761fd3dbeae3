// npm `fhir` (R4 structures and value sets) finds nothing wrong with our bundles: node validate.js BUNDLE...
"use strict";

const fs = require("node:fs");
const { Fhir } = require("fhir");

const fhir = new Fhir();
const counts = { passed: 0, failed: 0 };

// Codes that the bindings allow and the package cannot know: our own systems, beside HL7's or a text in extensible
// bindings; and v3-ActCode, whose ActConsentType R4 takes into consent-category, but whose codes are not packaged.
const EXPECTED = [/\(urn:curtain:\w+\) not found/, /"IDSCL" \(http:\/\/terminology\.hl7\.org\/CodeSystem\/v3-ActCode\) not found/];

function problems(resource) {
  const { messages } = fhir.validate(resource, { errorOnUnexpected: true });
  return messages
    .filter(({ severity, message }) => severity !== "info" && !EXPECTED.some((expected) => expected.test(message)))
    .map(({ severity, location, message }) => `${severity} at ${location}: ${message}`);
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sorted(value[key])]));
}

function same(a, b) {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function count(name, complaints) {
  counts[complaints.length === 0 ? "passed" : "failed"] += 1;
  for (const complaint of complaints) console.error(`${name}: ${complaint}`);
}

for (const path of process.argv.slice(2)) {
  const bundle = JSON.parse(fs.readFileSync(path, "utf8"));
  const inside = bundle.entry.flatMap(({ resource }) => [resource, ...(resource.contained ?? [])]);
  for (const resource of [bundle, ...inside]) {
    const complaints = problems(resource);
    // There and back through XML nothing may be lost: the package drops members that it does not know.
    if (!same(fhir.xmlToObj(fhir.objToXml(resource)), resource)) complaints.push("is another after XML");
    count(resource.resourceType, complaints);
  }

  // What is wrong is seen: each of these changes must be found.
  const consent = inside.find(({ resourceType }) => resourceType === "Consent");
  const provenance = inside.find(({ resourceType }) => resourceType === "Provenance");
  for (const [resource, change] of [
    [consent, (copy) => (copy.status = "lapsed")],
    [consent, (copy) => delete copy.scope],
    [consent, (copy) => (copy.provision.type = "allow")],
    [consent, (copy) => (copy.withdrawn = true)],
    [provenance, (copy) => delete copy.recorded],
    [provenance, (copy) => delete copy.agent],
    [provenance, (copy) => (copy.entity[0].role = "origin")],
  ]) {
    if (resource === undefined) continue;
    const copy = structuredClone(resource);
    change(copy);
    count("planted", problems(copy).length > 0 ? [] : [`${change} was not found`]);
  }
}

console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 && counts.passed > 0 ? 0 : 1;
