# SPDX-License-Identifier: Apache-2.0
"""A second kind of documents with planted facts. Seeds 100-109 were looked at while the methods' weights were chosen; figures are from
seeds >= 1000, on which nothing was tried.

`document(seed, tokens)` as in compress_documents.py. Manuals, minutes, a chat log in small letters, a readme and real technical prose
(Python's language reference as pydoc has it). No fact has a digit, no name that is asked for has a capital where the log is in small
letters, answers are common words, and every thing that a fact is about is talked about by other sentences too, which share its words.
"""
import random
import re

from compress_documents import capital, spin

POOLS = {
    "T": "a hex key|a rubber mallet|a strap wrench|a brass drift|a putty knife|a hooked wire|a wooden wedge|a feeler gauge|a tin snip|a bone folder",
    "W": "behind the rear panel|under the floor plate|beside the cable duct|above the sump|below the stair|next to the fuse box|inside the left cabinet|on the mezzanine|over the exhaust hood|at the foot of the mast",
    "G": "lithium grease|graphite powder|tallow|silicone oil|beeswax|linseed oil|soapy water|castor oil|lanolin|paraffin",
    "R": "the duty electrician|the night foreman|the boiler inspector|an apprentice in the last year|the harbour pilot|the site nurse|the crane driver|a licensed diver|the fire warden|the lab steward",
    "S": "whistling|grinding|rattling|hissing|ticking|groaning|humming|clapping|squealing|gurgling",
    "D": "every fortnight|every third week|twice a year|at each new moon|after every flood|before each weekend|once in a decade|on the eve of a holiday|every other morning|each spring",
    "F": "plain text|a tarball|a ring buffer|a shared folder|a linked list|a memory map|a pipe|a lock file|a spreadsheet|a paper form",
    "V": "hollis|danvers|okonjo|petrakis|marlow|sandoval|whitby|ferreira|lindgren|castellan",
    "Q": "dust|salt|mice|vibration|frost|a loose wire|bad translation|a missing comma|old age|sabotage",
    "B": "fund|bin|barn|van|choir|quarry|museum|school|bakery|ferry company",
}
THINGS = {
    "manual": "the intake valve|the bilge pump|the drive belt|the upper bearing|the relief cock|the sight glass|the return line|the idler wheel|the damper flap|the priming lever|the drain trap|the float switch",
    "minutes": "the car park|the newsletter|the heating|the visitor desk|the library corner|the summer fair|the roof appeal|the minibus|the kitchen rota|the noticeboard|the allotments|the lost property box",
    "log": "the staging box|the billing job|the old router|the search index|the mail relay|the build farm|the login page|the nightly export|the cache layer|the status board|the image resizer|the audit script",
    "readme": "the parser|the watcher|the scheduler|the importer|the renderer|the plugin host|the formatter|the crash reporter|the updater|the test runner|the tokenizer|the linker shim",
}
TITLES = {"manual": "Service manual, part two: the engine room", "minutes": "Minutes of the ordinary meeting", "log": "operations channel, exported",
          "readme": "Quillwork, a toolkit for long documents", "prose": "On the structure of programs"}
# Facts as in compress_documents.py; "yn": (no, yes).
FACTS = {
    "manual": [
        (["{X} is {opened|loosened} with {T}{, never by hand|}.", "To {open|loosen} {X}, {take|use} {T}{ from the locker|}."], "With what tool is {X} opened or loosened?", "T"),
        (["{X} {sits|is mounted} {W}{, where it is easily overlooked|}.", "{Look for|You will find} {X} {W}{.| once the lamp is lit.}"], "Where is {X}?", "W"),
        (["{Treat|Coat} {X} with {G}{ and wipe off what is left|}.", "{For|On} {X}, {nothing but|only} {G} will do{ in winter|}."], "With what is {X} treated?", "G"),
        (["{X} may be {serviced|taken apart} by {R} alone.", "{Only|None but} {R} may {service|take apart} {X}."], "Who may service or take apart {X}?", "R"),
        (["{When worn,|Shortly before it fails,} {X} {gives off a|makes a} {S} {sound|noise}."], "What noise does {X} make when worn?", "S"),
        (["{X} {wants cleaning|is to be cleaned} {D}{, whatever the weather|}."], "How often is {X} cleaned?", "D"),
        (("{X} must never be {left|run} dry{, not even for a test|}.", "{X} may be {left|run} dry{ for a while without harm|}."), "May {X} be left or run dry? Answer yes or no.", "yn"),
    ],
    "minutes": [
        (["{It was agreed|The meeting resolved} that {X} {be handed|should go} to {R}.", "{After some talk|By show of hands} {X} was {handed|given} to {R}."], "To whom was {X} handed or given?", "R"),
        (["{The trouble with|What ails} {X} {was put down to|is said to be} {Q}{, to nobody's surprise|}."], "What is the trouble with {X}?", "Q"),
        (["{The costs of|The bill for} {X} will be {met|paid} by the {B}{.|, as a gesture.}"], "Who pays the costs of {X}?", "B"),
        (["{X} will {move|be moved} to a spot {W}{.|, for want of a better place.}"], "Where will {X} be moved?", "W"),
        (["{X} is to be {reviewed|looked at again} {D}{.|, beginning at once.}"], "How often is {X} to be reviewed?", "D"),
        (("{The committee|The chair} did not {back|support} {the plan for|the motion on} {X}.", "{The committee|The chair} {gladly|warmly} {backed|supported} {the plan for|the motion on} {X}."), "Was the plan for {X} supported? Answer yes or no.", "yn"),
    ],
    "log": [
        (["{V}: {i'll take|leave} {X}{ to me| off your hands}{, been there before|}", "{X} is with {V} {now|from here on}{, ask there|}"], "Who takes care of {X}?", "V"),
        (["{turns out|ok so} {X} {fell over|went down} because of {Q}{, go figure|}"], "Why did {X} go down?", "Q"),
        (["{X} {writes|dumps} everything into {F}{ these days|}", "{we moved|they moved} {X} over to {F}{, seems fine|}"], "Into what does {X} write, or to what was it moved?", "F"),
        (["{X} {lives|is racked} {W}{ if anyone needs to kick it|}"], "Where is {X}?", "W"),
        (["{when it dies|if it dies} {X} starts {S}{, you can't miss it|}"], "What sound does {X} make when it dies?", "S"),
        (("{X} is not {backed up|mirrored}{ at all|}, {careful|fyi}", "{X} is {backed up|mirrored}{ properly|}, {relax|fyi}"), "Is {X} backed up? Answer yes or no.", "yn"),
    ],
    "readme": [
        (["{X} {keeps|stores} its state in {F}{, for reasons of history|}.", "{State|All state} of {X} {ends up|is kept} in {F}."], "In what does {X} keep its state?", "F"),
        (["{X} was {written|contributed} by {V}{, who still answers questions|}.", "{Ask|Write to} {V} about {X}{, nobody else knows it|}."], "Who wrote or knows {X}?", "V"),
        (["{Failures|Most failures} of {X} {come from|are caused by} {Q}."], "What causes failures of {X}?", "Q"),
        (["{X} {cleans up|compacts its files} {D}."], "How often does {X} clean up or compact its files?", "D"),
        (["{X} was {tested|first tried} in a {B}{.|, of all places.}"], "Where was {X} tested?", "B"),
        (("{X} is not {safe|meant} for use from several threads.", "{X} is {safe|meant} for use from several threads."), "Is {X} safe or meant for use from several threads? Answer yes or no.", "yn"),
    ],
}
# About the same things; nothing that is asked for.
ABOUT = {
    "manual": """{A spare for|A replacement of} {X} can be {ordered|had} from the usual supplier{, though delivery takes its time|}.
{Older drawings|The drawings on the wall} show {X} {in another shape|smaller than it really is}{, and should be used with some care|}.
{Crews|New hands} {like to blame|often suspect} {X} when {something else|a neighbour of it} is {out of order|the cause}.
Before {touching|opening} anything near {X}, {shut the feed|put up the sign} and {wait until the needle has settled|tell the bridge}.
{There is little to say about|Nothing much needs saying on} {X} {beyond what the introduction has|that is not plain from its shape}.
{A label|A painted arrow} {points to|shows the way to} {X}{, where it has not been worn off|}.""",
    "minutes": """{Several members|Two or three members} {asked about|spoke on} {X}{ at some length|}, {without coming to a conclusion|and the chair thanked them}.
{It was noted|The secretary noted} that {X} {had come up|was discussed} {at the last meeting|in spring} {too|already}.
{A letter|A note} {concerning|about} {X} was {read out|passed around}{ and put with the others|}.
{Thanks were|A word of thanks was} {given|voted} to all who {had helped|had been busy} with {X}.
{Concern was|Some worry was} voiced that {X} {takes up more time than it should|is not what it used to be}.""",
    "log": """{anyone|someone} {looking at|awake for} {X}{ right now|}? {asking for a friend|no rush}
{saw|spotted} something odd {around|about} {X} {again|this morning} but {it went away|can't reproduce it}
{X} {looks happy|is green} {from here|again}{, closing the tab|}
{reminder that|fyi} the page {about|on} {X} {is out of date|needs love}{, volunteers welcome|}
{we should|someday we should} {rewrite|replace} {X}{ anyway|}, {heard that one before|one can dream}""",
    "readme": """{The source of|The code of} {X} {is|can be} found {in its own folder|next to the others}{ and reads from top to bottom|}.
{Patches to|Changes of} {X} are {welcome|read gladly} {as long as|when} {they come with a test|the style stays the same}.
{Compared with|Next to} {its first version|what it was}, {X} {has become simpler|is a good deal smaller}.
{People|Newcomers} {are often surprised by|tend to overlook} {X}, {which is fine|and do well without it}.
{The name of|What we call} {X} {is a joke that stuck|goes back to an older program}.""",
}
REST = {
    "manual": """{Keep|Always keep} the {walkways|gratings} {clear of rags|free} and {report|write down} {leaks|smells} {however small|when the watch changes}.
{Noise|Heat} in {this part of the ship|the lower room} {is normal|need not worry anyone} {as long as|while} {the lamps burn steadily|the draught can be felt}.
{Gauges|The gauges} {should be read|are best read} {standing straight in front of them|with the glass wiped}, {and entered|and copied} {in the book by the door|neatly}.
{Tools|Anything borrowed} {go back|must go back} {to where they hung|before supper}, {clean|oiled}, {even if|although} {they will be wanted again in an hour|the next watch does the same}.
{The manufacturer|The yard} {declines|takes} {no part in|all talk about} {alterations|home-made parts} {made at sea|without drawings}.""",
    "minutes": """{Apologies|Regrets} {were received from|came from} {the usual quarters|those with colds}, and {the minutes of the last meeting|the agenda} {were taken as read|was agreed}.
{There being|As there was} {no other business|nothing else}, {tea was served|the windows were shut}{ and talk became general|}.
{The treasurer|The treasurer's deputy} {gave|read} {a report|an account} that {was found to be in order|raised one eyebrow}.
{A vote|Another vote} was {proposed|asked for}, {seconded|put off} and {then forgotten in the noise|taken up after the break}.
{Members|Those present} {were reminded|are asked} to {sign the sheet|stack the chairs} and {to keep the door shut|to mind the step}.""",
    "log": """{morning all|hey folks}, {coffee first|brb}{, then the ticket queue|}
{lol|heh} {that dashboard|this chart} {is lying again|has colours for everything}{, who picked those|}
{lunch|pizza} {anyone|in the big room}? {the good place is closed|bring chairs}
{meeting moved|standup moved} {again|to after lunch}, {calendar is a mess|sorry}
{thanks|cheers} {everyone|all}, {calm week so far|that was painless}{, touch wood|}""",
    "readme": """{Building|A build} needs {a recent compiler|the usual tools} and {some patience|a network only the first time}{; see the next section|}.
{Documentation|The documentation} is {made from the sources|rebuilt with each release} and {read by few|corrected by many}.
{Please|Do} {open an issue|start a discussion} {before|prior to} {larger changes|new features}, {so that work is not done twice|we may have tried it}.
{Versions|Releases} follow {the common scheme|no strict calendar}, {and|but} {the change log|a list of changes} {tells what was broken on purpose|is kept by hand}.
{Most of this|Nearly everything here} {grew out of|began as} {a script|a weekend} and {shows it|was cleaned up later}.""",
}


def reference(rng):
    """Sentences of real technical prose, in paragraphs."""
    from pydoc_data.topics import topics
    paragraphs = []
    for name in rng.sample(sorted(topics), len(topics)):
        for block in topics[name].split("\n\n"):
            text = " ".join(block.split())
            if len(text) > 150 and not re.search(r"::|=>|->|\*\*\*|[|]|::=|^\W", text):
                paragraphs.append(re.split(r"(?<=[a-z]\.) (?=[A-Z])", text.replace("*", "")))
        if sum(map(len, paragraphs)) > 3000:
            break
    return paragraphs


def plant(thing, fact, rng, pools):
    frames, question, kind = fact
    yes = rng.random() < 0.5
    frame = frames[yes] if kind == "yn" else rng.choice(frames)
    value = {} if kind == "yn" else {kind: pools[kind].pop()}
    sentence = spin(re.sub(r"\{([A-Z])\}", "<\\1>", frame), rng).replace("<X>", thing)
    for slot, text in value.items():
        sentence = sentence.replace(f"<{slot}>", text)
    answers = [("yes" if yes else "no")] if kind == "yn" else [value[kind]]
    return sentence, {"question": capital(question.replace("{X}", thing)), "answers": answers, "thing": thing,
                      "kind": {"yn": "negation", "V": "name", "R": "name"}.get(kind, "word")}


def document(seed, tokens, questions=12):
    rng = random.Random(seed * 7919 + 1)
    topic = ["manual", "minutes", "log", "readme", "prose"][seed % 5]
    source = "manual" if topic == "prose" else topic
    pools = {slot: rng.sample(values.split("|"), len(values.split("|"))) for slot, values in POOLS.items()}
    things = rng.sample(THINGS[source].split("|"), 12)
    planted, seen = [], set()
    for i in range(24):
        fact, thing = FACTS[source][i % len(FACTS[source])], things[(i * 5 + i // 12) % 12]
        if (fact[1], thing) not in seen and len(planted) < 18 and (fact[2] == "yn" or pools[fact[2]]):
            seen.add((fact[1], thing))
            planted.append(plant(thing, fact, rng, pools))
    title = capital if topic != "log" else str
    sentences = [title(text) for text, _ in planted]
    for text, asked in planted:
        asked["sentence"] = title(text)
    words = int(tokens / 1.3)
    paragraphs = reference(rng) if topic == "prose" else []
    count = lambda: sum(len(s.split()) for s in sentences) + sum(len(s.split()) for p in paragraphs for s in p)
    bag = []
    while topic != "prose" and count() < words:
        if not bag:
            bag = [(frame, thing) for frame in ABOUT[source].split("\n") for thing in rng.sample(things, 5)] + [(f, "") for f in REST[source].split("\n")] * 3
            rng.shuffle(bag)
        frame, thing = bag.pop()
        sentences.insert(rng.randrange(len(sentences) + 1), title(spin(frame.replace("{X}", "<X>"), rng).replace("<X>", thing)))
    if topic == "prose":
        while count() < words:
            paragraphs += reference(rng)
        while count() > words * 1.1 and len(paragraphs) > 3:
            paragraphs.pop()
        for sentence in sentences:
            paragraph = rng.choice(paragraphs)
            paragraph.insert(rng.randrange(len(paragraph) + 1), sentence)
        body = "\n\n".join(" ".join(p) for p in paragraphs)
    elif topic == "log":
        body = "\n".join(f"{rng.choice(['ana', 'bo', 'kim', 'lev'])}> {s}" for s in sentences)
    elif topic == "readme":
        body, at = "", 0
        for part in ("Overview", "Parts", "Notes", "Contributing", "History", "Odds and ends"):
            take = sentences[at:at + len(sentences) // 6 + 1]
            at += len(take)
            listed = part in ("Parts", "Notes")
            body += f"## {part}\n\n" + ("\n".join("- " + s for s in take) if listed else " ".join(take)) + "\n\n"
            body += "```sh\nmake all && ./quill --help\n```\n\n" if part == "Overview" else ""
    else:
        body, at = "", 0
        while at < len(sentences):
            size = rng.randint(3, 8)
            body += " ".join(sentences[at:at + size]) + "\n\n"
            at += size
    asked = [q for _, q in planted]
    rng.shuffle(asked)
    return {"topic": topic, "text": f"# {TITLES[topic]}\n\n{body.strip()}\n", "questions": asked[:questions]}


if __name__ == "__main__":
    import sys
    made = document(int(sys.argv[1]), int(sys.argv[2]))
    print(made["text"])
    for one in made["questions"]:
        print(one)
