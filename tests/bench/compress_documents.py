# SPDX-License-Identifier: Apache-2.0
"""Documents with planted facts, and questions on them. `document(seed, tokens)` gives {topic, text, questions}.

Prose of six topics, put together from sentences with alternatives ("{a|b}"); each document plants facts of several
kinds (numbers, names, plain words, negations) about things of the same sort, so that the sort alone gives no answer.
"""
import random
import re

PEOPLE = """Marta Hollin|Edgar Vance|Ilse Brandt|Tobias Okafor|Nadia Petrenko|Ruben Castellanos|Greta Lindqvist|Osman Yildiz|
Clara Devereux|Hugo Szabo|Priya Raman|Anselm Keller|Beatrix Mori|Jonas Falk|Leonora Quist|Samuel Adeyemi|Vera Doyle|Mikael Strand|
Paloma Reyes|Duncan Aird|Yvette Carron|Kenji Amano|Rosalind Pike|Farid Haddad|Ingrid Solheim|Walter Crane|Tamsin Boyle|Luca Ferri|
Agnes Toller|Bruno Hartwig""".replace("\n", "").split("|")
PLACES = """Brackwater|Sankt Olm|Verriden|Tallow Hill|Port Esker|Marienfeld|Dunmore|Castel Rovo|Halvard|Ostermoor|Quillan|Redfern|
Lower Asby|Villemont|Graubach|Pennyford|Korvik|Santa Brisa|Elmsworth|Nordhaven""".replace("\n", "").split("|")
COLOURS = "scarlet|turquoise|ochre|violet|crimson|olive|amber|indigo|silver|maroon|ivory|emerald".split("|")
MATERIALS = "oak|slate|copper|granite|bamboo|glass|marble|cedar|brass|sandstone|walnut|pewter".split("|")
ANIMALS = "heron|badger|otter|goshawk|hedgehog|salamander|lynx|raven|ferret|tortoise|mule|parrot".split("|")
FOODS = "lentil soup|smoked trout|plum cake|barley porridge|mushroom pie|goat cheese|pickled herring|almond bread".split("|")
CAUSES = "a cracked boiler|a landslide|an outbreak of measles|a strike of the carpenters|a burst pipe|a plague of moths|a forged signature|an eclipse".split("|")

# Sentences that fit anywhere. Nothing that is asked about stands in them.
SHARED = """
{It had rained|Rain had fallen|A thin drizzle had hung about} since {early morning|before dawn|the evening before}, and {the gutters ran over|the paths had turned soft|everybody's boots were wet} by the time {anyone thought of breakfast|the post came|the bells rang}.
{Nobody|Hardly anyone} paid {much attention|any attention} to {the clock|the time} on such {days|afternoons}, when {talk wandered|conversation drifted} from {the weather|old quarrels|the price of coal} to {neighbours|cousins|half-remembered songs} and back again.
{There is a saying|People there like to say|An old proverb has it} that {patience is cheaper than paint|a borrowed ladder is always too short|whoever counts clouds will forget the washing}, and {for once it proved right|it was repeated with some pleasure that week}.
{A good deal of|Much} {paper|correspondence} {was passed about|went back and forth}, {most of it|nearly all of it} {polite|long-winded|friendly} and {rather beside the point|of little consequence}, before {the matter was allowed to rest|everyone agreed to say no more}.
{In the evenings|After supper} {they|the older ones} would {sit by the window|pull chairs around the stove|walk as far as the bridge} and {speak of nothing in particular|argue gently about books|listen to the wind in the chimney}.
{What struck visitors most|The thing that visitors remembered}, {if they said anything at all|as far as one can tell from their letters}, was {the smell of wet wool and coffee|the unusual quiet|the way doors were left open in all seasons}.
{For a while|For some time} it looked as though {things would simply go on|the old habits would hold|everything might be settled}, but {circumstances|small accidents|the calendar} {had other ideas|decided otherwise}.
{It would be tedious|It is hardly worth the trouble} to {list|describe} every {errand|visit|meeting} of {those months|that spring}, since {most of them|the greater part} {followed the same pattern|differed only in the choice of biscuits}.
{One should add|It deserves to be mentioned}, {in fairness|for the sake of balance}, that {the complaints were few|most people were content|there was laughter too}, even {when money was short|in the worst weeks of the winter}.
{Somebody|A neighbour} had {left a window open|forgotten the lamp|brought too many chairs}, which {caused more discussion than it deserved|gave rise to a good many jokes}, and {the incident|the story} was {retold for weeks|soon forgotten}.
{The light|The afternoon light} {in that season|at that hour} has a {peculiar softness|yellowish calm}, and {photographs|sketches} {made then|from those days} {show it well|hardly do it justice}.
{Later accounts|Some later versions} {differ|disagree} {on the details|about the order of events}, {though|while} {the general course of things|the outline} is {clear enough|beyond serious doubt}.
{Children|The younger children} {were sent|had been sent} {to fetch water|to look for kindling|out to play}, and {came back|returned} {muddy and delighted|hours later with pockets full of chestnuts}.
{On the whole|By and large} the {arrangement|system} {worked|held up} {better than expected|tolerably well}, {provided that|as long as} {people kept their tempers|the kettle was on|the stairs were swept}.
{A long silence followed|There was a pause}, {during which|while} {the rain picked up again|somebody poured more tea|a dog barked two streets away}, and then {the talk resumed|everyone spoke at once}.
{With hindsight|Looking back} it is {easy|tempting} to {see a plan behind it|call this foresight}, {but|although} {the people concerned|those involved} {were mostly tired|were making it up as they went along}.
""".strip().split("\n")

# Facts: (sentences, question, answers) with {P}erson, {L}place, {N}umber, {C}olour, {M}aterial, {A}nimal, {F}ood, {K}cause and things of
# the topic's own ({X}). `yes`/`no` facts have two sentences: one for each.
TOPICS = {
    "chronicle": dict(
        title="Notes towards a history of the harbour",
        things="the customs house|the ropewalk|the fish market|the old lighthouse|the chandlery|the seamen's chapel|the dry dock|the tide mill|the pilot station|the salt store|the signal tower|the net loft".split("|"),
        filler="""
{Ships|Vessels} {of every size|from half the coast} {put in|called} {during the summer|when the wind was right}, {unloading|leaving} {timber and barrels|grain and gossip|crates that nobody opened for weeks} {on the quay|along the wall}.
{The harbour master's books|The ledgers of those years} {are written|were kept} in {a hurried hand|brown ink}, and {whole pages|many lines} {have been eaten by damp|can be read only against the light}.
{Fog|Sea fog} {closed the channel|lay over the roads} for {days on end|the better part of a week}, so that {the boats stayed in|crews played cards} and {the taverns did well|the price of bread went up a little}.
{Trade|Business} {came and went|rose and fell} with {the herring|the seasons}, as it {does|always has} on {this shore|that coast}, and {families|households} {learned to save|mended what they had} {in the lean years|between one good year and the next}.
{Repairs|Small repairs} {to the wall|to the jetty} were {done by whoever had time|put off from one spring to the next}, {with stones|using stones} {from the beach|taken out of the river}.
{Masts and rigging|A row of masts} {could be seen|stood} above {the roofs|the warehouses} from {far inland|the hill road}, {a sight|a picture} that {painters|travellers} {were fond of|never tired of}.
""",
        facts=[
            (["{X} was {put up|built|finished} in {Y} {after long delays|at the parish's own cost}.", "{It was in {Y} that|In {Y},} {X} {first opened its doors|was completed at last}{,|} {to general relief|with a modest feast}."], "In which year was {X} finished or opened?", "Y"),
            (["{The keys of|The running of} {X} {passed|went} to {P}, {a cousin of the former keeper|who had come from the north}.", "{From then on|In the same season} {X} was {looked after|run} by {P}, {whose patience was well known|a careful person with books}."], "Who looked after or ran {X}?", "P"),
            (["{The roof of|The roof over} {X} was {covered|laid} with {M}, {which was unusual|as the builders had some left over}.", "{Travellers remarked|An engraving shows} that the roof of {X} was made of {M}{.| and shone after rain.}"], "Of what material was the roof of {X} made?", "M"),
            (["{The shutters of|The doors of} {X} were {painted|done in} {C} {that year|by the apprentices}{.|, and nobody minded.}"], "In what colour were the doors or shutters of {X} painted?", "C"),
            (["{X} {had to close|stood shut} for a {month|season} because of {K}.", "{Owing to|On account of} {K}, {X} {was closed|stayed shut} {until spring|for some weeks}."], "Why did {X} have to close?", "K"),
            (["{A payment|A sum} of {N} crowns was {entered|booked} for {X} {in the ledger|without further remark}."], "How many crowns were booked for {X}?", "N"),
            (("{During the great storm|In the great storm} {X} was not {damaged|harmed}, {to everybody's surprise|whatever the newspapers wrote}.", "{During the great storm|In the great storm} {X} was {badly damaged|harmed}, {as everybody had feared|which the newspapers hardly mentioned}."), "Was {X} damaged in the great storm? Answer yes or no.", "yn"),
        ]),
    "expedition": dict(
        title="From the journal of a plant-hunting expedition",
        things="the upper camp|the river camp|the lake camp|the ridge camp|the forest hut|the monastery camp|the glacier camp|the gorge camp|the meadow camp|the ford camp|the cave camp|the pass hut".split("|"),
        filler="""
{We set out|The party started} {before sunrise|while the stars still showed}, {leading|driving} {the ponies|the pack animals} {one behind the other|in single file} {up a path of loose stones|along the edge of the water}.
{The specimens|The pressed plants} {suffered|had suffered} {from the damp|a little on the way}, and {an hour|most of the afternoon} {was spent|went} {drying sheets of paper by the fire|changing blotters}.
{Thunder|A storm} {rolled about the peaks|was heard far off} {all afternoon|towards evening}, {without ever coming near|and the tents were pegged down twice}.
{Our guides|The guides} {sang|told stories} {as they walked|around the fire}, {of which|and} we {understood|caught} {one word in five|very little}, {laughing|smiling} {when they laughed|all the same}.
{Moss|A cushion of moss} {covered everything|grew over every stone} {on the shaded side|near the falls}, {so thick|so deep} that {one could sleep on it|a hand vanished in it to the wrist}.
{Sketching|Drawing} {was possible|could be done} {only in the mornings|between showers}, {for by noon|since later} {the clouds came up|the valley filled with mist}.
""",
        facts=[
            (["{The barometer at|Our altimeter showed for} {X} {N} metres {above the sea|, give or take}.", "{We measured|By our readings} the height of {X} {to be|was} {N} metres{.| after three attempts.}"], "What is the height of {X} in metres?", "N"),
            (["{P} {stayed behind at|was left in charge of} {X} {with a bad knee|to watch the stores}.", "{In charge of|Keeping watch over} {X} {was|we left} {P}, {who seldom complained|with two porters}."], "Who was in charge of or stayed at {X}?", "P"),
            (["{Near|Just below} {X} we {found|came upon} a {lily|poppy|gentian} with {C} {petals|flowers}{, new to all of us|}."], "What colour were the flowers found near {X}?", "C"),
            (["{A|One} {A} {had got into|visited} {X} {during the night|at dusk} and {overturned a basket|stolen a glove}.", "{At|In} {X} we {were visited by|kept company with} a {A}{, tame as a cat|, which feared nobody}."], "Which animal came to {X}?", "A"),
            (["{At|In} {X} the cook {served|made} {F}{, of all things| to celebrate}.", "{Supper at|The meal at} {X} was {F}, {eaten standing|and very welcome}."], "What was eaten at {X}?", "F"),
            (["{We had to leave|The party abandoned} {X} {early|sooner than planned} {because of|owing to} {K}."], "Why did the party leave {X}?", "K"),
            (("{Water|The water} at {X} is not {fit to drink|drinkable}{, as we learned|}.", "{Water|The water} at {X} is {fit to drink|drinkable}{, as we learned|}."), "Is the water at {X} drinkable? Answer yes or no.", "yn"),
        ]),
    "theatre": dict(
        title="A season at the municipal theatre, remembered",
        things="The Glass Orchard|The Widow's Compass|A Fool in Winter|The Paper Crown|Seven Ladders|The Drowned Bell|Letters to Nobody|The Clockmaker's Daughter|Night Ferry|The Borrowed King|Salt and Honey|The Last Tenant".split("|"),
        filler="""
{Rehearsals|The rehearsals} {began late|dragged on}, {as they always do|as was the custom}, {with|amid} {much shuffling of chairs|coughing and jokes}, and {ended|broke off} {when the caretaker rattled his keys|long after the last tram}.
{The prompter|A voice from the wings} {was heard|could be heard} {more often than one would wish|in the third row}, {though|but} {audiences|people} {forgave that|took it in good part}.
{Costumes|The costumes} {came out of|were found in} {trunks|baskets} that {smelled of camphor|had not been opened for years}, and {were let out|were taken in} {at the seams|overnight}.
{Critics|The critics} {wrote|had written} {what critics write|at some length}, {praising|mentioning} {the lighting|the curtains} {and little else|with suspicious warmth}.
{Tickets|Seats} {sold slowly at first|went slowly}, {until word got about|then quickly}, {and the queue|so that the line} {reached the fountain|went round the corner}.
{Backstage|Behind the scenes} {there was|one found} {a stove, a cat and a great deal of rope|less order than the public imagines}, {and somebody was always asleep|with tea at all hours}.
""",
        facts=[
            (["{For|In} \u201c{X}\u201d the {leading part|main role} {went to|was taken by} {P}, {after some hesitation|to nobody's surprise}.", "{P} {played|took on} the {leading part|main role} in \u201c{X}\u201d {with great energy|despite a cold}."], "Who played the main role in {X}?", "P"),
            (["\u201c{X}\u201d {ran for|was given} {N} {evenings|performances}{ in all|, matinees included}.", "{There were|We counted} {N} {performances|evenings} of \u201c{X}\u201d{.| before it was taken off.}"], "How many performances of {X} were there?", "N"),
            (["{The backdrop of|The set for} \u201c{X}\u201d was {painted|done} {entirely|mostly} in {C}{, which made the actors look ill|}."], "In what colour was the set of {X} painted?", "C"),
            (["{The first night of|The opening of} \u201c{X}\u201d was {put off|delayed} by {K}{.|, and the cast went home.}", "{Because of|On account of} {K}, \u201c{X}\u201d {opened a week late|could not open on time}."], "Why was the opening of {X} delayed?", "K"),
            (["{The author of|The man behind} \u201c{X}\u201d {came from|was born in} {L}{, and it showed|}.", "{Few people knew|The programme said} that the author of \u201c{X}\u201d {came from|was born in} {L}."], "Where did the author of {X} come from?", "L"),
            (["{A live|A real} {A} {appeared|was led on} in \u201c{X}\u201d{, and got the loudest applause| every night}."], "Which animal appeared in {X}?", "A"),
            (("\u201c{X}\u201d was not {invited|asked} to the festival{, in spite of everything|}.", "\u201c{X}\u201d was {invited|asked} to the festival{, in spite of everything|}."), "Was {X} invited to the festival? Answer yes or no.", "yn"),
        ]),
    "council": dict(
        title="From the minutes of the village council",
        things="the bathing pond|the footbridge|the bus shelter|the village hall|the playground|the bakehouse|the cemetery wall|the fire station|the library van|the orchard path|the sawmill road|the school kitchen".split("|"),
        filler="""
{The chair|The chairwoman} {opened the meeting|called the meeting to order} {a little late|at the usual hour}, {thanked those present|welcomed the guests} and {asked for|begged} {short contributions|some brevity}, {with limited success|to general amusement}.
{A lively exchange|A long exchange} {followed|developed} {about parking|on the subject of hedges}, {in which|during which} {everyone|most members} {spoke twice|repeated their views of last year}.
{The item|This point} was {adjourned|moved} {to the next session|until more is known}, {as the documents|since the papers} {had arrived only that morning|were incomplete}.
{Members|Several members} {expressed|voiced} {their thanks|appreciation} {for the flowers|to the volunteers}, {and the secretary|while the secretary} {was asked to write a letter|took note}.
{It was pointed out|Someone remarked} that {grants|subsidies} {of this kind|from the county} {take time|come with many forms}, {and that|so that} {patience would be needed|nothing should be rushed}.
{Questions from the public|Citizens' questions} {concerned|were about} {dogs, noise and the timetable|street lamps}, {as they do every month|and were answered politely}.
""",
        facts=[
            (["{The sum of|An amount of} {N} euros was {set aside|approved} for {X}{ without debate|, one member abstaining}.", "{For|Towards} {X} the council {approved|granted} {N} euros{.| after a show of hands.}"], "How many euros were approved for {X}?", "N"),
            (["{P} {agreed|offered} to {take charge of|look into} {X} {until the summer|in an honorary capacity}.", "{The task of|Responsibility for} {X} {falls|was given} to {P}{, who was absent|}."], "Who is responsible for {X}?", "P"),
            (["{The railing|The new bench} at {X} {will be|is to be} {painted|finished in} {C}{, as the children had asked|}."], "In what colour will the railing or bench at {X} be painted?", "C"),
            (["{Work on|The work at} {X} {was held up|had stopped} {owing to|because of} {K}{.|, the clerk reported.}"], "Why was work on {X} held up?", "K"),
            (["{The contract for|The order for} {X} {went to|was placed with} a firm {from|in} {L}{, the cheapest of four|}."], "Where is the firm with the contract for {X}?", "L"),
            (["{Instead of plastic|After some discussion} {X} {is to be repaired|will be repaired} {with|using} {M}{.| from a local yard.}"], "With what material will {X} be repaired?", "M"),
            (("{Dogs are not|Dogs will not be} allowed {at|near} {X}{, even on a lead|}.", "{Dogs are|Dogs will be} allowed {at|near} {X}{, if on a lead|}."), "Are dogs allowed at {X}? Answer yes or no.", "yn"),
        ]),
    "workshop": dict(
        title="Twenty years in an instrument workshop",
        things="the bishop's clock|the ship's barometer|the opera harp|the station clock|the planetarium|the music box|the church organ|the surveyor's compass|the pocket sextant|the puppet piano|the tower bell|the weighing scale".split("|"),
        filler="""
{Most days|On most days} {began|started} with {sweeping|the sorting of screws}, {a task|a duty} that {the apprentices|the youngest} {hated|found dull} and {that|which} {taught them|showed them} {more than they knew|where everything was}.
{Customers|People} {brought|carried in} {all sorts of things|what their grandparents had left}, {wrapped in|bundled in} {newspaper|old towels}, and {waited|stood} {by the counter|near the door} {as if at a doctor's|with worried faces}.
{Oil|A drop of oil} {in the wrong place|where it should not be} {does more harm|spoils more} than {years of dust|neglect}, {as every beginner learns|the master used to say}.
{The lathe|Our lathe} {hummed|turned} {from morning till night|in the background}, {and one noticed it|heard} {only when it stopped|as one hears a brook}.
{Winter|The cold months} {brought|meant} {stiff fingers and long evenings|much work}, {for that is when|because then} {clocks stop|people stay at home and notice what is broken}.
{Drawings|Notes} {were pinned|hung} {to every wall|above the benches}, {yellow with age|curling at the edges}, {some of them|a few} {by hands|in a script} {nobody could name|long gone}.
""",
        facts=[
            (["{The repair of|Mending} {X} {took|needed} {N} hours{, spread over a year|}.", "{We spent|The books show} {N} hours on {X}{.|, unpaid for the most part.}"], "How many hours did {X} take?", "N"),
            (["{X} {belonged to|was the property of} {P}{, who called every week|}.", "{The owner of|It turned out that the owner of} {X} was {P}{.|, to judge by the label.}"], "Who was the owner of {X}?", "P"),
            (["{The case of|The housing of} {X} was {made of|cut from} {M}{, badly cracked|}."], "Of what was the case of {X} made?", "M"),
            (["{X} was {sent|delivered} to {L} {by cart|on the evening train}.", "{In the end|Once ready} {X} {travelled|went} to {L}{ in a crate of straw|}."], "Where was {X} sent?", "L"),
            (["{Inside|Behind the panel of} {X} we {found|discovered} a {stuffed|carved} {A}{, of all things|}."], "Which animal was found inside {X}?", "A"),
            (["{X} {had failed|broke down} {because of|owing to} {K}{.|, as far as we could tell.}"], "Why did {X} break down?", "K"),
            (("{After all that work|In the end} {X} {could not|can not} be {saved|made to work}{.|, and we said so.}", "{After all that work|In the end} {X} {could|can} be {saved|made to work}{.|, and we said so.}"), "Could {X} be saved? Answer yes or no.", "yn"),
        ]),
    "letters": dict(
        title="Letters from the estate, in one packet",
        things="the east wing|the walled garden|the boathouse|the dairy|the long gallery|the orangery|the gatehouse|the ice cellar|the stable yard|the beech avenue|the chapel ruin|the mill cottage".split("|"),
        filler="""
{My dear friend|Dearest}, {you ask|you will ask} {how we spend our days|for news}, {and I confess|so I must confess} that {they pass|the hours pass} {between the kitchen and the attic|without much to show for them}.
{The hay|This year's hay} {is in|was brought in} {at last|between two storms}, {and everybody|while everyone} {is sunburnt and cross|aches in places they had forgotten}.
{Aunt|Old aunt} {writes|has written} {that she will come|again}, {with|bringing} {her parrot and her opinions|four trunks}, {so|and therefore} {the blue room must be aired|we are hiding the good glasses}.
{I walked|We walked} {as far as the mill|down to the water} {yesterday|on Sunday}, {thinking|talking} {of you|about old times}, {and found|where} {the path overgrown|nothing changed but the ducks}.
{Do not believe|You must disregard} {what the papers say|all you hear}, {we are quite well|nobody has moved away}, {although|even if} {the chimney smokes|the roof leaks in the usual places}.
{The servants' hall|Downstairs} {is full of|talks of} {a wedding|the fair}, {which means|and so} {dinner is late|the laundry hangs about for days}, {not that I complain|and I quite understand}.
""",
        facts=[
            (["{In|At} {X} {there are|I counted} {N} {panes|tiles} {to be replaced|broken}{, a sad number|}.", "{The glazier|The mason} {wants|asks} {N} shillings for {X}{.|, which is robbery.}"], "Which number is given for {X}?", "N"),
            (["{P} {has taken|is living in} {X} {for the summer|with two maids}.", "{We have let|Father let} {X} to {P}{, who paints|}."], "Who lives in or has taken {X}?", "P"),
            (["{The curtains|The walls} in {X} are {C} now{, at mother's wish|}.", "{Mother had|They have had} {X} {hung|done} in {C}{.|, which suits nobody.}"], "What colour is in {X} now?", "C"),
            (["{A|Our} {A} {has moved into|lives in} {X}{ and will not leave|}."], "Which animal lives in {X}?", "A"),
            (["{The furniture of|Everything in} {X} {came|was shipped} from {L}{, at great cost|}."], "Where did the furniture of {X} come from?", "L"),
            (["{We dined|There was a supper} in {X} {on|with} {F}{, a great success|}."], "What was eaten in {X}?", "F"),
            (("{X} is not {heated|warmed} {this winter|in winter}{, to save coal|}.", "{X} is {heated|warmed} {this winter|in winter}{, in spite of the price of coal|}."), "Is {X} heated in winter? Answer yes or no.", "yn"),
        ]),
}
QUESTIONS = 12


def spin(text, rng):
    """Chooses among {a|b}, inner ones first; slots such as {X} stay."""
    while True:
        chosen = re.sub(r"\{([^{}]*\|[^{}]*)\}", lambda m: rng.choice(m.group(1).split("|")), text)
        if chosen == text:
            return text
        text = chosen


def capital(text):
    return text[0].upper() + text[1:]


def plant(topic, thing, fact, rng, pools):
    frames, question, kind = fact
    values = {"X": thing}
    if kind == "yn":
        yes = rng.random() < 0.5
        sentence = frames[1] if yes else frames[0]
        answers = ["yes" if yes else "no"]
    else:
        sentence = rng.choice(frames)
        for slot in "PLCMAFKNY":
            values[slot] = {"N": lambda: str(rng.randint(103, 9870)), "Y": lambda: str(rng.randint(1702, 1968))}.get(
                slot, lambda slot=slot: pools[slot].pop())() if "{%s}" % slot in sentence else ""
        answers = [values[kind]]
    for slot, value in values.items():
        sentence = sentence.replace("{%s}" % slot, "\0%s\0" % slot)
        question = question.replace("{%s}" % slot, value)
    sentence = spin(sentence, rng)
    for slot, value in values.items():
        sentence = sentence.replace("\0%s\0" % slot, value)
    sentence = sentence.replace(" ,", ",").replace(" a otter", " an otter").replace(" a amber", " an amber")
    return capital(sentence), {"question": capital(question), "answers": answers, "thing": thing, "sentence": capital(sentence),
                               "kind": {"N": "number", "Y": "number", "P": "name", "L": "name", "yn": "negation"}.get(kind, "word")}


def document(seed, tokens):
    rng = random.Random(seed)
    topic = list(TOPICS)[seed % len(TOPICS)]
    spec = TOPICS[topic]
    pools = {}
    for slot, values in dict(P=PEOPLE, L=PLACES, C=COLOURS, M=MATERIALS, A=ANIMALS, F=FOODS, K=CAUSES).items():
        pools[slot] = rng.sample(values, len(values))
    things = rng.sample(spec["things"], len(spec["things"]))
    pairs = []
    for i, fact in enumerate(spec["facts"] * 3):  # each sort of fact of three things
        pairs.append((things[(i * 5 + i // len(things)) % len(things)], fact))
    planted, seen = [], set()
    for thing, fact in pairs:
        slots = set(re.findall(r"\{([PLCMAFK])\}", "".join(fact[0])))
        if (thing, fact[1]) in seen or any(not pools[s] for s in slots):
            continue
        seen.add((thing, fact[1]))
        planted.append(plant(topic, thing, fact, rng, pools))
    rng.shuffle(planted)
    filler = SHARED + spec["filler"].strip().split("\n")
    sentences = [text for text, _ in planted]
    words = int(tokens / 1.28)
    bag = []
    while sum(len(s.split()) for s in sentences) < words:
        if not bag:
            bag = rng.sample(filler, len(filler))
        sentences.insert(rng.randrange(len(sentences) + 1), capital(spin(bag.pop(), rng)))
    text, at = "# " + spec["title"] + "\n", 0
    while at < len(sentences):
        size = rng.randint(4, 8)
        text += "\n" + " ".join(sentences[at:at + size]) + "\n"
        at += size
    questions = [q for _, q in planted]
    rng.shuffle(questions)
    return {"topic": topic, "text": text.strip() + "\n", "questions": questions[:QUESTIONS]}


if __name__ == "__main__":
    import sys
    made = document(int(sys.argv[1]), int(sys.argv[2]))
    print(made["text"])
    for one in made["questions"]:
        print(one)
