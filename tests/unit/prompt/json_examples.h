// SPDX-License-Identifier: Apache-2.0
// JSON schemas and texts for tests; apart from them because moc does not understand these literals.
// Constants.
#pragma once

namespace tendril::test {

inline constexpr const char* kPerson = R"({
  "title": "A person", "type": "object",
  "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 8, "description": "first name"},
    "age": {"type": "integer"},
    "height": {"type": "number"},
    "tags": {"type": "array", "items": {"enum": ["new", "old \"x\"", 3, null, {"a": [1, 2]}]}, "minItems": 1, "maxItems": 3},
    "friend": {"anyOf": [{"$ref": "#/$defs/friend"}, {"type": "null"}]},
    "kind": {"const": "human"},
    "flag": {"type": ["boolean", "null"]}
  },
  "required": ["age", "tags", "kind"],
  "additionalProperties": false,
  "$defs": {"friend": {"type": "object", "properties": {"id": {"type": "integer"}, "friend": {"$ref": "#/$defs/friend"}},
            "required": ["id"]}}
})";

inline constexpr const char* kSchemas[] = {
    kPerson,
    R"({"type": "array", "items": {"type": "string", "maxLength": 2}, "minItems": 2, "maxItems": 4})",
    R"({"type": "array", "items": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}, "maxItems": 0})",
    R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}})",
    R"({"properties": {"a": {"type": "null"}, "b": {"type": "null"}, "c": {"type": "null"}}, "required": ["b"]})",
    R"({"type": "object", "additionalProperties": {"type": "integer"}})",
    R"({"type": "object", "additionalProperties": false})",
    R"({"type": "object", "properties": {}})",
    R"({"type": "string", "enum": ["a", 1, "b"]})",
    R"({"type": ["integer", "string"], "minLength": 3, "maxLength": 3})",
    R"({"anyOf": [{"type": "object", "properties": {"next": {"$ref": "#"}}}, {"type": "number"}]})",
    R"({"type": "object", "properties": {"\u00e9\"\\\n": {"const": "x y"}}, "required": ["\u00e9\"\\\n"]})",
    "{}",
    "true",
};

/// Fit kPerson.
inline constexpr const char* kPersons[] = {
    R"({"name": "Zo\u00e9\n", "age": -3, "tags": ["old \"x\"", {"a": [1, 2]}], "kind": "human"})",
    R"({"age": 0, "height": -1.5e+3, "tags": [3], "friend": {"id": 1, "friend": {"id": 2}}, "kind": "human", "flag": null})",
    R"({"age": 0, "tags": [null], "friend": null, "kind": "human", "flag": true})"};

struct Refused {
    const char* schema;
    const char* words;  ///< of the error
};
inline constexpr Refused kRefused[] = {
    {"{", "is not valid JSON"},
    {"[]", "a schema is an object"},
    {"false", "allows nothing"},
    {R"({"type": "text"})", "this type is not known (at #)"},
    {R"({"type": []})", "the list of types is empty"},
    {R"({"type": "string", "pattern": "a"})", "\"pattern\" is not supported for the type string (at #)"},
    {R"({"properties": {"a": {"type": "integer", "minimum": 3}}})",
     "\"minimum\" is not supported for the type integer (at #/properties/a)"},
    {R"({"type": "array", "items": {"oneOf": []}})", "\"oneOf\" is not supported (at #/items)"},
    {R"({"anyOf": [{"type": "null"}, {"not": {}}]})", "\"not\" is not supported (at #/anyOf/1)"},
    {R"({"anyOf": []})", "\"anyOf\" is not a list of schemas"},
    {R"({"anyOf": [{}], "type": "null"})", "\"type\" beside \"anyOf\" is not supported"},
    {R"({"$ref": "#/$defs/x"})", "there is nothing at the reference \"#/$defs/x\""},
    {R"({"$ref": 3})", "\"$ref\" is not a text"},
    {R"({"enum": []})", "no value is allowed"},
    {R"({"enum": 3})", "\"enum\" is not a list"},
    {R"({"type": "string", "enum": [3]})", "no value is allowed (at #)"},
    {R"({"type": "string", "minLength": 5, "maxLength": 4})", "\"maxLength\" is below \"minLength\""},
    {R"({"type": "string", "maxLength": -1})", "\"maxLength\" is not a number from 0 to 4096"},
    {R"({"type": "array", "maxItems": 5000})", "\"maxItems\" is not a number from 0 to 4096"},
    {R"({"type": "object", "required": ["a"]})", "the required property \"a\" is not described"},
    {R"({"type": "object", "required": [1]})", "\"required\" is not a list of names"},
    {R"({"type": "object", "properties": []})", "\"properties\" is not an object"},
    {R"({"properties": {"a": {}}, "additionalProperties": {}})", "\"additionalProperties\" with a schema"},
};

/// Schemas that call themselves before a text begins, or for ever.
inline constexpr const char* kLoops[] = {
    R"({"$ref": "#"})",
    R"({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}})",
    R"({"properties": {"a": {"$ref": "#"}}, "required": ["a"]})",
};

}  // namespace tendril::test
