# SPDX-License-Identifier: Apache-2.0
"""A third kind of documents with planted facts: what is not running prose. Seeds 100-123 were looked at while the methods were changed; figures
are from seeds >= 1000, on which nothing was tried.

`document(seed, tokens)` as in compress_documents.py. Contracts with numbered clauses, transcripts with speakers, questions with answers that do
not repeat them, tables amid prose, and mails with what they answer to. Some facts are in two places: who speaks and what is said, a question and
its answer, a row and the table's head.
"""
import random
import re

from compress_documents import PEOPLE, capital, spin
from compress_reports import POOLS as WORDS

SPEAKERS = "Rosa|Jun|Marek|Beatriz|Olu|Hanne|Tariq|Wilma".split("|")
THINGS = {
    "contract": "the spare parts|the remote access|the staff training|the night service|the record keeping|the waste disposal|the fire watch|the parcel hatch|the cold store|the forklift|the gate control|the yearly audit",
    "transcript": "the installer|the landing page|the price list|the test bench|the newsletter|the demo room|the backup job|the trade fair|the user survey|the style guide|the old forum|the mobile view",
    "faq": "a lost helmet|a flat tyre|a cargo bike|a child seat|a student pass|a broken lock|a gift voucher|a winter tyre|a front basket|a tandem|a late return|a club card",
    "table": "brass hinges|oak handles|window stays|letter plates|coat hooks|shelf brackets|cupboard locks|door chains|curtain rods|stair treads|glass knobs|felt pads",
    "mail": "the archive room|the phone boxes|the coffee corner|the server cupboard|the bicycle stand|the roof terrace|the post tray|the quiet room|the lift card|the front desk|the wall paint|the plant wall",
}
# (frames, question, kind): P a person, N a number, S who speaks; others as in compress_reports.py; "yn": (no, yes).
FACTS = {
    "contract": [
        (["{The Provider shall charge|Charges are to be made for} {X} to the {B}."], "To whom is {X} charged?", "B"),
        (["{Notice of any change to|Any complaint about} {X} {shall be|is to be} given {in writing |}to {R}."], "To whom is notice or complaint about {X} given?", "R"),
        (["{X} shall be {reviewed|inspected} {D}{, at the Provider's cost|}."], "How often shall {X} be reviewed or inspected?", "D"),
        (["{The person in charge of|Responsible for} {X} is {P}."], "Who is in charge of {X}?", "P"),
        (["{Where|If} {X} {is late|fails}, a {penalty|sum} of {N} euros {falls due|is to be paid}."], "How many euros are to be paid if {X} is late or fails?", "N"),
        (("{X} may not be {passed on|assigned} to {others|third parties}.", "{X} may be {passed on|assigned} to {others|third parties}."), "May {X} be passed on to others? Answer yes or no.", "yn"),
    ],
    "transcript": [
        (["{Okay|Fine}, {I'll take|I will look after} {X} myself{ then|, no problem}."], "Who offered to take or look after {X}?", "S"),
        (["{So|Well,} {X} {slipped|is late}, and that's because of {Q}{, believe it or not|}."], "Why is {X} late?", "Q"),
        (["{I think|I'd say} {X} {needs|takes} another {N} hours{ or so|}."], "How many hours does {X} need?", "N"),
        (["{We agreed|They told me} that {P} {gets|has the last word on} {X}."], "Who gets or has the last word on {X}?", "P"),
        (("{No,|Sorry,} {X} won't make it into this release.", "{Yes,|Right,} {X} will make it into this release."), "Will {X} make it into this release? Answer yes or no.", "yn"),
    ],
    "faq": [
        (["{Where do I go|Where can I go} with {X}?|{Look for the desk|There is a counter} {W}{.|, open all day.}"], "Where does one go with {X}?", "W"),
        (["{Who helps me|Who is there to help} with {X}?|{That would be|Ask for} {R}{.|, who is used to it.}"], "Who helps with {X}?", "R"),
        (["{What does {X} cost|How much is {X}}?|{It comes to|You pay} {N} crowns{.|, cash only.}"], "How many crowns is {X}?", "N"),
        (["{Who pays|Who covers the cost} for {X}?|{Kindly|As it happens} the {B}{ does|}{.|, since last year.}"], "Who pays for {X}?", "B"),
        (("May I bring {X} on the ferry?|No{.|, they do not want that.}", "May I bring {X} on the ferry?|Yes{.|, they are fine with that.}"), "May one bring {X} on the ferry? Answer yes or no.", "yn"),
    ],
    "mail": [
        (["{X} {is going to be|will be} {W}{, says the architect|}."], "Where will {X} be?", "W"),
        (["{For|About} {X} {please talk|talk} to {P}{, not to me|}."], "To whom should one talk about {X}?", "P"),
        (["{We have|There are} {N} euros left for {X}."], "How many euros are left for {X}?", "N"),
        (["{The trouble with|What is wrong with} {X} is {Q}{, once more|}."], "What is the trouble with {X}?", "Q"),
        (("{X} must not be {touched|used} before {Monday|the inspection}.", "{X} may be {touched|used} before {Monday|the inspection}."), "May {X} be used before the date? Answer yes or no.", "yn"),
    ],
}
ABOUT = {
    "contract": """{The parties|Both parties} {shall|will} {consult each other|confer} on {X} {in good faith|as the need arises}, {taking into account|having regard to} the {usual practice|customs of the trade}.
{The description of|All further particulars of} {X} {is|are} {set out in|to be found in} the annex{, which forms part of this agreement|}.
{Should|In case} {X} {require|call for} {further documents|additional papers}, {these shall be provided|the same shall be supplied} {without undue delay|in due course}.
{Nothing in this clause|The foregoing} {affects|touches upon} the {general rules|provisions of law} {applicable to|governing} {X}.""",
    "transcript": """{Did anyone|Has anybody} {look at|hear about} {X} {lately|this week}? I {kind of|sort of} lost track.
{I mean|You know}, {X} is {always like that|what it is}, {right|isn't it}? {We've been through this|Same as last time}.
{Let's|Can we} {park|postpone} {X} {for a moment|until everybody is back}, {I have another call|we are running late}.
{The thing with|My feeling about} {X} is {that it's nearly there|we talk about it too much}, {but okay|to be honest}.""",
    "faq": """{Is there a story behind|Why do people ask so much about} {X}?|{Not really|There is one}, {but|and} {everybody tells it in another way|it makes a nice subject for long evenings}.
{Can I read more about|Is there a leaflet on} {X}?|{The leaflet|A small booklet} {lies at all stations|can be taken home}, {as long as there are some left|and is written in plain words}.""",
    "table": """{As every quarter|As in the past}, {the difference|what differed} {between|of} book and count for the {X} was {small|hardly worth a word}{, so that nobody looked further|}.
{The night shift|The late shift} {asks for|would like} better {lamps|ladders} near the {X}{, which was put on the list|}.
{Customers|Some customers} {asked|wanted to know} {whether|if} the {X} {could be had|come} in other {sizes|finishes}{, and were given the catalogue|}.""",
    "mail": """{I had another look|We looked again} at {X} {with the others|over lunch} and {on the whole|by and large} {everybody likes it|we are happy}.
{Does anybody know|Could you find out} {what happens to|how things stand with} {X}{, by the way|}? {No hurry|Whenever you have time}.
{People keep asking|I was asked again} about {X}{, as you can imagine|}, {so a short note would be nice|and I never know what to say}.""",
}
REST = {
    "contract": """{Headings|The headings of this agreement} {are for convenience|serve for orientation} and {shall be disregarded|do not count} {when|where} {it is construed|its terms are read}.
{This agreement|The present document} {has been drawn up|is made} in {two copies|as many copies as there are parties}, {of which|whereof} {each party has received one|one stays with each}.
{The parties|Both parties} {confirm|declare} that they {have read|know} {the annexes|all annexes} and {take them as agreed|have had time to consider them}.""",
    "transcript": """{Sorry|Hang on}, {I was on mute|my line is bad today}, {can you hear me now|is that better}?
{Great|Cool}, {thanks|thank you}, {that's helpful|good to know}, {let's go on|what's next}?
{Um|Well}, {yeah|right}, {so|anyway}, {I don't have much today|it was a short week}, {mostly meetings|just the usual stuff}.""",
    "faq": """{Are you open|Is anybody there} on {holidays|Sundays}?|{It depends|That differs}, {so|and} {have a look at the door|it is best to ask before} {when you pass by|on the day}.
{How did all this begin|Who had the idea}?|{A few friends|Some neighbours} {met in a shed|had too many bicycles}, {and one thing led to another|which is how such things begin}.""",
    "table": """{The list|The following list} was {made|drawn up} {by hand|in the usual way} and {copied|typed} {afterwards|in the office}, {so|and} {small slips|errors} {may occur|are possible}.
{The gates|Doors on the yard} {were kept shut|stayed shut} {during the count|while people were counting}, {and drivers|and those who came with lorries} {waited in the canteen|had some time to themselves}.
{Whoever finds|Anybody who finds} {something misplaced|things in the wrong row} {is asked to|should} {leave it there|put a slip on it} and {tell the office|say so}.""",
    "mail": """{Hope you had|I trust you had} a {good|quiet} weekend{ and some sun|}, {ours was full of|we had} {visitors|laundry}{, but nice|}.
{Thanks again for|Many thanks for} {the cake|your help} {last week|the other day}, {everybody enjoyed it|it made all the difference}.
{Let me know|Just tell me} {if|whether} {that suits you|this works}, {otherwise|if not} {we find another way|I will ask around}.""",
}
TITLES = {"contract": "SERVICE AGREEMENT", "transcript": "Weekly sync, as transcribed", "faq": "# Questions we are asked", "table": "# Stock report", "mail": ""}
PARTS = "Scope of services|Fees and payment|Duties of the parties|Liability|Term and notice|Final provisions".split("|")


def plant(thing, fact, rng, pools):
    frames, question, kind = fact
    yes = rng.random() < 0.5
    frame = frames[yes] if kind == "yn" else rng.choice(frames)
    value = str(rng.randint(103, 9870)) if kind == "N" else rng.choice(SPEAKERS) if kind == "S" else "" if kind == "yn" else pools[kind].pop()
    # "question|answer" of the frequently asked ones: the bar stands outside of braces.
    text = spin(re.sub(r"\{([A-Z])\}", "<\\1>", frame), rng).replace("<X>", thing).replace(f"<{kind}>", value)
    return capital(text), {"question": capital(question.replace("{X}", thing)), "answers": [("yes" if yes else "no") if kind == "yn" else value],
                           "thing": thing, "sentence": capital(text), "speaker": value if kind == "S" else "",
                           "kind": {"yn": "negation", "P": "name", "S": "name", "N": "number"}.get(kind, "word")}


def rows(things, rng, pools):
    """A table, and questions on its cells."""
    lines, asked = ["| Article | Count | Kept | Supplier |", "|---|---|---|---|"], []
    for thing in things:
        count, place, person = str(rng.randint(103, 9870)), pools["W"].pop() if pools["W"] else "-", pools["P"].pop()
        lines.append(f"| {capital(thing)} | {count} | {place} | {person} |")
        one = {"thing": thing, "sentence": lines[-1], "speaker": ""}
        asked.append({**one, "question": f"How many {thing} were counted?", "answers": [count], "kind": "number"})
        asked.append({**one, "question": f"Who supplies the {thing}?", "answers": [person], "kind": "name"})
    return "\n".join(lines), asked


def body_of(topic, items, rng, table):
    """`items`: (text, who says it or "")."""
    if topic == "contract":
        size = len(items) // len(PARTS) + 1
        return "\n\n".join(f"{p + 1}. {part}\n\n" + "\n".join(f"{p + 1}.{i + 1} {text}" for i, (text, _) in enumerate(items[p * size:(p + 1) * size]))
                           for p, part in enumerate(PARTS) if items[p * size:])
    if topic == "transcript":
        lines, last = [], ""
        for text, speaker in items:
            speaker = speaker or rng.choice(SPEAKERS)
            if speaker == last:
                lines[-1] += " " + text
            else:
                lines.append(f"{speaker}: {text}")
            last = speaker
        return "\n".join(lines)
    if topic == "faq":
        return "\n\n".join("**Q: {}**\nA: {}".format(*text.split("|", 1)) for text, _ in items)
    chunks = [" ".join(text for text, _ in items[at:at + 5]) for at in range(0, len(items), 5)]
    if topic == "table":
        chunks.insert(len(chunks) // 2, table)
        return "\n\n".join(chunks)
    text = "From: petra@example.org\nTo: tomasz@example.org\nSubject: Re: Re: the move\n\nHi Tomasz,\n\n"
    third = len(chunks) // 3 + 1
    for level in range(3):
        mark = "> " * level
        part = "\n\n".join(chunks[level * third:(level + 1) * third])
        text += "" if not part else "\n".join((mark + line).rstrip() for line in part.split("\n")) + "\n\n"
        text += f"{mark}> On Monday Tomasz wrote:\n" if chunks[(level + 1) * third:] else ""
    return text


def document(seed, tokens, questions=12):
    rng = random.Random(seed * 6113 + 5)
    topic = list(THINGS)[seed % len(THINGS)]
    pools = {slot: rng.sample(values.split("|"), len(values.split("|"))) for slot, values in WORDS.items()}
    pools["P"] = rng.sample(PEOPLE, len(PEOPLE))
    things = rng.sample(THINGS[topic].split("|"), 12)
    table, asked = rows(things[:9], rng, pools) if topic == "table" else ("", [])
    items, seen = [], set()
    for i in range(24):
        facts = FACTS.get(topic, [])
        fact, thing = facts[i % len(facts)] if facts else None, things[(i * 5 + i // 12) % 12]
        if fact and (fact[1], thing) not in seen and len(asked) < 16 and (fact[2] in "ynNS" or pools[fact[2]]):
            seen.add((fact[1], thing))
            text, question = plant(thing, fact, rng, pools)
            items.append((text, question["speaker"]))
            asked.append(question)
    bag = []
    while len(table.split()) + sum(len(text.split()) + 2 for text, _ in items) < int(tokens / 1.35):
        if not bag:
            bag = [(f, t) for f in ABOUT[topic].split("\n") for t in rng.sample(things, 5)] + [(f, "") for f in REST[topic].split("\n")] * 4
            rng.shuffle(bag)
        frame, thing = bag.pop()
        text = capital(spin(frame.replace("{X}", "<X>"), rng).replace("<X>", thing))
        items.insert(rng.randrange(len(items) + 1), (text, ""))
    rng.shuffle(asked)
    return {"topic": topic, "text": f"{TITLES[topic]}\n\n{body_of(topic, items, rng, table).strip()}\n".lstrip(), "questions": asked[:questions]}


if __name__ == "__main__":
    import sys
    made = document(int(sys.argv[1]), int(sys.argv[2]))
    print(made["text"])
    for one in made["questions"]:
        print(one)
