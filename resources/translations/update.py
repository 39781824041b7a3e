#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Brings the .ts files up to date with the sources; what is translated already is kept.

lupdate 6.4 does not see `namespace tendril::ui {`, so the contexts are completed here to what QObject::tr looks up at run time.
Usage: resources/translations/update.py   (needs qt6-l10n-tools; prints what still has no translation, exit 1 when there is any)
"""
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LUPDATE = "/usr/lib/qt6/bin/lupdate"
# Where tr() is called, by the namespace of the classes that call it.
ROOMS = {"tendril::ui::": ["ui/window", "ui/conversation"], "tendril::app::": ["app"]}


def key(context, message):
    comment = message.find("comment")
    return context, message.find("source").text, comment.text if comment is not None else None


def known(file):
    found = {}
    if file.exists():
        for context in ET.parse(file).getroot().findall("context"):
            for message in context.findall("message"):
                translation = message.find("translation")
                if translation.text and translation.get("type") is None:
                    found[key(context.find("name").text, message)] = translation.text
    return found


def texts_of(namespace, sources, language, folder):
    """The contexts of one room, under the names that are looked up at run time."""
    fresh = pathlib.Path(folder) / f"{sources[0].replace('/', '-')}_{language}.ts"
    subprocess.run([LUPDATE, "-silent", "-locations", "none", "-source-language", "en", "-target-language", language,
                    *sources, "-ts", str(fresh)], cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    tree = ET.parse(fresh)
    for context in tree.getroot().findall("context"):
        name = context.find("name")
        if name.text != "QObject" and not name.text.startswith("tendril::"):
            name.text = namespace + name.text
    return tree


def update(file):
    have = known(file)
    language = file.stem.split("_")[1]
    whole = None
    with tempfile.TemporaryDirectory() as folder:
        for namespace, sources in ROOMS.items():
            tree = texts_of(namespace, sources, language, folder)
            if whole is None:
                whole = tree
            else:
                whole.getroot().extend(tree.getroot().findall("context"))
    missing = []
    for context in whole.getroot().findall("context"):
        name = context.find("name")
        for message in context.findall("message"):
            translation = message.find("translation")
            text = have.get(key(name.text, message))
            if text is None:
                missing.append(f"{name.text}: {message.find('source').text!r}")
            else:
                translation.text = text
                translation.attrib.pop("type", None)
    ET.indent(whole, "  ")
    body = ET.tostring(whole.getroot(), encoding="unicode")
    file.write_text('<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n' + body + "\n", encoding="utf-8")
    return missing


def main():
    missing = [line for file in sorted(HERE.glob("tendril_*.ts")) for line in update(file)]
    print("\n".join(missing) or "all translated")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
