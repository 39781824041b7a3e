<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>tendril::ui::AccessibleMessage</name>
    <message>
      <source>done: </source>
      <translation>erledigt: </translation>
    </message>
    <message>
      <source>to do: </source>
      <translation>offen: </translation>
    </message>
    <message>
      <source>%1, message %2</source>
      <translation>%1, Nachricht %2</translation>
    </message>
    <message>
      <source>, %1 of %2</source>
      <translation>, %1 von %2</translation>
    </message>
    <message>
      <source>waiting for the model</source>
      <translation>wartet auf das Modell</translation>
    </message>
    <message>
      <source>being written</source>
      <translation>wird geschrieben</translation>
    </message>
    <message>
      <source>interrupted</source>
      <translation>unterbrochen</translation>
    </message>
    <message>
      <source>interrupted: %1</source>
      <translation>unterbrochen: %1</translation>
    </message>
    <message>
      <source>failed: %1</source>
      <translation>fehlgeschlagen: %1</translation>
    </message>
    <message>
      <source>not read for the latest answer</source>
      <translation>für die letzte Antwort nicht gelesen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::AnswerModeButton</name>
    <message>
      <source>Answers in parallel</source>
      <translation>Antworten parallel</translation>
    </message>
    <message>
      <source>&amp;Automatic: points in parallel where it suits the question</source>
      <translation>&amp;Automatisch: Punkte parallel, wo es zur Frage passt</translation>
    </message>
    <message>
      <source>Always in &amp;parallel</source>
      <translation>Immer &amp;parallel</translation>
    </message>
    <message>
      <source>Always in &amp;one piece</source>
      <translation>Immer in &amp;einem Stück</translation>
    </message>
    <message>
      <source>Answers in parallel: where it suits the question</source>
      <translation>Antworten parallel: wo es zur Frage passt</translation>
    </message>
    <message>
      <source>Answers in parallel: always</source>
      <translation>Antworten parallel: immer</translation>
    </message>
    <message>
      <source>Parallel</source>
      <translation>Parallel</translation>
    </message>
    <message>
      <source>Answers in parallel: never</source>
      <translation>Antworten parallel: nie</translation>
    </message>
    <message>
      <source>One piece</source>
      <translation>Ein Stück</translation>
    </message>
    <message>
      <source>%1 (Ctrl+Shift+O).
A long answer is written as an outline whose points grow at the same time.</source>
      <translation>%1 (Strg+Umschalt+O).
Eine lange Antwort entsteht als Gliederung, deren Punkte gleichzeitig wachsen.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::AttachmentChip</name>
    <message>
      <source>&amp;Whole: every word of it</source>
      <translation>&amp;Ganz: jedes Wort davon</translation>
    </message>
    <message>
      <source>&amp;Shortened: what matters of it</source>
      <translation>Ge&amp;kürzt: was davon wichtig ist</translation>
    </message>
    <message>
      <source>S&amp;earched: only places that fit the question</source>
      <translation>D&amp;urchsucht: nur Stellen, die zur Frage passen</translation>
    </message>
    <message>
      <source>&amp;Remove</source>
      <translation>&amp;Entfernen</translation>
    </message>
    <message>
      <source>What the model gets of %1</source>
      <translation>Was das Modell von %1 bekommt</translation>
    </message>
    <message>
      <source>Document %1, %2</source>
      <translation>Dokument %1, %2</translation>
    </message>
    <message>
      <source>Enter chooses how the model gets it, Del removes it</source>
      <translation>Enter wählt, wie das Modell es bekommt, Entf entfernt es</translation>
    </message>
    <message>
      <source>Remove %1</source>
      <translation>%1 entfernen</translation>
    </message>
    <message>
      <source>Remove (Del)</source>
      <translation>Entfernen (Entf)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::AttachmentStrip</name>
    <message>
      <source>Documents of your message</source>
      <translation>Dokumente Ihrer Nachricht</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::CachePanel</name>
    <message>
      <source>What the model need not read again</source>
      <translation>Was das Modell nicht noch einmal lesen muss</translation>
    </message>
    <message>
      <source>16 bits: exact</source>
      <translation>16 Bit: genau</translation>
    </message>
    <message>
      <source>8 bits: half the memory</source>
      <translation>8 Bit: halber Speicher</translation>
    </message>
    <message>
      <source>4 bits: a quarter, less exact</source>
      <translation>4 Bit: ein Viertel, ungenauer</translation>
    </message>
    <message>
      <source>How exactly this model keeps what it has read</source>
      <translation>Wie genau dieses Modell das Gelesene behält</translation>
    </message>
    <message>
      <source>How exactly this model keeps what it has read. A change loads the model again.</source>
      <translation>Wie genau dieses Modell das Gelesene behält. Eine Änderung lädt das Modell neu.</translation>
    </message>
    <message>
      <source>In memory: %1 of %2, %3 tokens</source>
      <translation>Im Speicher: %1 von %2, %3 Token</translation>
    </message>
    <message>
      <source>On the disk: %1 of at most %2</source>
      <translation>Auf der Platte: %1 von höchstens %2</translation>
    </message>
    <message>
      <source>Not on the disk: %1</source>
      <translation>Nicht auf der Platte: %1</translation>
    </message>
    <message>
      <source>Clear (%1)</source>
      <translation>Leeren (%1)</translation>
    </message>
    <message>
      <source>Clear what the model has read, %1</source>
      <translation>Das Gelesene leeren, %1</translation>
    </message>
    <message>
      <source>Conversations stay; the model reads them again when they go on.</source>
      <translation>Die Gespräche bleiben; das Modell liest sie neu, wenn sie weitergehen.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Composer</name>
    <message>
      <source>Your message</source>
      <translation>Ihre Nachricht</translation>
    </message>
    <message>
      <source>Enter sends, Shift and Enter break the line</source>
      <translation>Eingabe sendet, Umschalt und Eingabe beginnt eine neue Zeile</translation>
    </message>
    <message>
      <source>Editing your message; the answer to it will be made anew.</source>
      <translation>Sie bearbeiten Ihre Nachricht; die Antwort darauf entsteht neu.</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Cancel editing</source>
      <translation>Bearbeiten abbrechen</translation>
    </message>
    <message>
      <source>Attach documents</source>
      <translation>Dokumente anhängen</translation>
    </message>
    <message>
      <source>Attach documents (Ctrl+Shift+A): texts, source files, PDF</source>
      <translation>Dokumente anhängen (Strg+Umschalt+A): Texte, Quelltexte, PDF</translation>
    </message>
    <message>
      <source>Details</source>
      <translation>Näheres</translation>
    </message>
    <message>
      <source>What becomes shorter when this is sent</source>
      <translation>Was beim Senden kürzer wird</translation>
    </message>
    <message>
      <source>The answer is still being written. Esc stops it.</source>
      <translation>Die Antwort wird noch geschrieben. Esc hält sie an.</translation>
    </message>
    <message>
      <source>%1 cannot be used. Remove it first.</source>
      <translation>%1 ist nicht brauchbar. Entfernen Sie es zuerst.</translation>
    </message>
    <message>
      <source>%1 is still being read.</source>
      <translation>%1 wird noch gelesen.</translation>
    </message>
    <message>
      <source>Stop the answer</source>
      <translation>Antwort anhalten</translation>
    </message>
    <message>
      <source>Send</source>
      <translation>Senden</translation>
    </message>
    <message>
      <source>Stop the answer (Esc)</source>
      <translation>Antwort anhalten (Esc)</translation>
    </message>
    <message>
      <source>Send (Enter)</source>
      <translation>Senden (Eingabe)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ComposerEdit</name>
    <message>
      <source>Write a message… (Shift+Enter breaks the line)</source>
      <translation>Nachricht schreiben … (Umschalt+Eingabe: neue Zeile)</translation>
    </message>
    <message>
      <source>Write a message…</source>
      <translation>Nachricht schreiben …</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ContextMeter</name>
    <message>
      <source>System prompt</source>
      <translation>Systemanweisung</translation>
    </message>
    <message>
      <source>Documents</source>
      <translation>Dokumente</translation>
    </message>
    <message>
      <source>Conversation</source>
      <translation>Gespräch</translation>
    </message>
    <message>
      <source>Your message</source>
      <translation>Ihre Nachricht</translation>
    </message>
    <message>
      <source>Kept for the answer</source>
      <translation>Für die Antwort frei gehalten</translation>
    </message>
    <message>
      <source>Free</source>
      <translation>Frei</translation>
    </message>
    <message>
      <source>No context yet</source>
      <translation>Noch kein Kontext</translation>
    </message>
    <message>
      <source>%1 of %2 tokens of context used</source>
      <translation>%1 von %2 Token des Kontexts belegt</translation>
    </message>
    <message>
      <source>%1: %2</source>
      <comment>a part of the context and its tokens</comment>
      <translation>%1: %2</translation>
    </message>
    <message>
      <source>Enter shows what the model has</source>
      <translation>Enter zeigt, was das Modell hat</translation>
    </message>
    <message>
      <source>Click for more (Ctrl+Shift+M)</source>
      <translation>Klick zeigt mehr (Strg+Umschalt+M)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ContextPanel</name>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>&amp;Shorten now</source>
      <translation>Jetzt &amp;kürzen</translation>
    </message>
    <message>
      <source>Shorten old turns by &amp;itself in idle moments</source>
      <translation>Alte Beiträge in &amp;Ruhepausen von selbst kürzen</translation>
    </message>
    <message>
      <source>What the model has in its context</source>
      <translation>Was das Modell in seinem Kontext hat</translation>
    </message>
    <message>
      <source>Progress of the shortening</source>
      <translation>Fortschritt des Kürzens</translation>
    </message>
    <message>
      <source>Cancel the shortening</source>
      <translation>Das Kürzen abbrechen</translation>
    </message>
    <message>
      <source>Shorten the model's memory of old turns now</source>
      <translation>Das Gedächtnis des Modells für alte Beiträge jetzt kürzen</translation>
    </message>
    <message>
      <source>The conversation keeps its full text. The full text can be restored.</source>
      <translation>Das Gespräch behält seinen vollen Text. Der volle Text lässt sich wiederherstellen.</translation>
    </message>
    <message>
      <source>Shorten old turns by itself in idle moments</source>
      <translation>Alte Beiträge in Ruhepausen von selbst kürzen</translation>
    </message>
    <message>
      <source>No model is loaded, so there is no context yet.</source>
      <translation>Es ist kein Modell geladen, darum gibt es noch keinen Kontext.</translation>
    </message>
    <message>
      <source>%1 of %2 tokens of context used</source>
      <translation>%1 von %2 Token Kontext belegt</translation>
    </message>
    <message>
      <source>and %1 more</source>
      <translation>und %1 weitere</translation>
    </message>
    <message>
      <source>If you send now, it does not fit into the context.</source>
      <translation>Wenn Sie jetzt senden, passt es nicht in den Kontext.</translation>
    </message>
    <message>
      <source>If you send now, nothing is shortened or left out.</source>
      <translation>Wenn Sie jetzt senden, wird nichts gekürzt oder weggelassen.</translation>
    </message>
    <message>
      <source>If you send now:</source>
      <translation>Wenn Sie jetzt senden:</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ConversationDelegate</name>
    <message>
      <source>Title of the conversation</source>
      <translation>Titel des Gesprächs</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ConversationModel</name>
    <message>
      <source>Today</source>
      <translation>Heute</translation>
    </message>
    <message>
      <source>Yesterday</source>
      <translation>Gestern</translation>
    </message>
    <message>
      <source>Previous 7 days</source>
      <translation>Vorige 7 Tage</translation>
    </message>
    <message>
      <source>Previous 30 days</source>
      <translation>Vorige 30 Tage</translation>
    </message>
    <message>
      <source>New conversation</source>
      <translation>Neues Gespräch</translation>
    </message>
    <message>
      <source>%1, private</source>
      <translation>%1, privat</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ConversationView</name>
    <message>
      <source>Copy selection</source>
      <translation>Auswahl kopieren</translation>
    </message>
    <message>
      <source>Select all</source>
      <translation>Alles auswählen</translation>
    </message>
    <message>
      <source>Open link…</source>
      <translation>Link öffnen …</translation>
    </message>
    <message>
      <source>Copy link address</source>
      <translation>Linkadresse kopieren</translation>
    </message>
    <message>
      <source>Sources shown</source>
      <translation>Quellen gezeigt</translation>
    </message>
    <message>
      <source>Sources hidden</source>
      <translation>Quellen verborgen</translation>
    </message>
    <message>
      <source>Source</source>
      <translation>Quelle</translation>
    </message>
    <message>
      <source>%1, place %2</source>
      <translation>%1, Stelle %2</translation>
    </message>
    <message>
      <source>Hidden</source>
      <translation>Verborgen</translation>
    </message>
    <message>
      <source>What the model has</source>
      <translation>Was das Modell hat</translation>
    </message>
    <message>
      <source>Copied</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <source>Outline of %1 points: %2</source>
      <translation>Gliederung mit %1 Punkten: %2</translation>
    </message>
    <message>
      <source>Conversation</source>
      <translation>Gespräch</translation>
    </message>
    <message>
      <source>The assistant is answering</source>
      <translation>Der Assistent antwortet</translation>
    </message>
    <message>
      <source>The answer failed: %1</source>
      <translation>Die Antwort ist fehlgeschlagen: %1</translation>
    </message>
    <message>
      <source>The answer was interrupted</source>
      <translation>Die Antwort wurde unterbrochen</translation>
    </message>
    <message>
      <source>The answer is complete</source>
      <translation>Die Antwort ist vollständig</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::DropOverlay</name>
    <message>
      <source>Drop to load %1</source>
      <translation>Loslassen, um %1 zu laden</translation>
    </message>
    <message>
      <source>Drop to attach %1 to your message</source>
      <translation>Ablegen, um %1 an Ihre Nachricht zu hängen</translation>
    </message>
    <message>
      <source>Drop to attach %1 documents to your message</source>
      <translation>Ablegen, um %1 Dokumente an Ihre Nachricht zu hängen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ExpansionDialog</name>
    <message>
      <source>%1 s</source>
      <translation>%1 s</translation>
    </message>
    <message>
      <source>outline after %1</source>
      <translation>Gliederung nach %1</translation>
    </message>
    <message>
      <source>first text after %1</source>
      <translation>erster Text nach %1</translation>
    </message>
    <message>
      <source>all after %1</source>
      <translation>alles nach %1</translation>
    </message>
    <message>
      <source>How this answer was made</source>
      <translation>Wie diese Antwort entstand</translation>
    </message>
    <message>
      <source>Why: %1</source>
      <translation>Warum: %1</translation>
    </message>
    <message>
      <source>&amp;Close</source>
      <translation>&amp;Schließen</translation>
    </message>
    <message>
      <source>&amp;Retry as a normal answer</source>
      <translation>Als normale Antwort &amp;wiederholen</translation>
    </message>
    <message>
      <source>Outline</source>
      <translation>Gliederung</translation>
    </message>
    <message>
      <source>Point</source>
      <translation>Punkt</translation>
    </message>
    <message>
      <source>State</source>
      <translation>Zustand</translation>
    </message>
    <message>
      <source>Tokens</source>
      <translation>Token</translation>
    </message>
    <message>
      <source>Written after</source>
      <translation>Geschrieben nach</translation>
    </message>
    <message>
      <source>written</source>
      <translation>geschrieben</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::FindBar</name>
    <message>
      <source>Find in this conversation</source>
      <translation>In diesem Gespräch suchen</translation>
    </message>
    <message>
      <source>Previous (Shift+F3)</source>
      <translation>Voriger Treffer (Umschalt+F3)</translation>
    </message>
    <message>
      <source>Next (F3)</source>
      <translation>Nächster Treffer (F3)</translation>
    </message>
    <message>
      <source>Close (Esc)</source>
      <translation>Schließen (Esc)</translation>
    </message>
    <message>
      <source>Not found</source>
      <translation>Nicht gefunden</translation>
    </message>
    <message>
      <source>%1 of %2</source>
      <comment>the match shown, all matches</comment>
      <translation>%1 von %2</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::JumpButton</name>
    <message>
      <source>Go to the newest message</source>
      <translation>Zur neuesten Nachricht</translation>
    </message>
    <message>
      <source>Go to the newest message (Ctrl+J)</source>
      <translation>Zur neuesten Nachricht (Strg+J)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::LinkDialog</name>
    <message>
      <source>Open link</source>
      <translation>Link öffnen</translation>
    </message>
    <message>
      <source>Tendril opens web and mail addresses only. This is where the link leads:</source>
      <translation>Tendril öffnet nur Web- und Mailadressen. Dorthin führt der Link:</translation>
    </message>
    <message>
      <source>Write a mail with your mail program? This is where the link leads:</source>
      <translation>Eine Mail mit Ihrem Mailprogramm schreiben? Dorthin führt der Link:</translation>
    </message>
    <message>
      <source>Open this address of %1 in your web browser?</source>
      <translation>Diese Adresse von %1 im Webbrowser öffnen?</translation>
    </message>
    <message>
      <source>Address</source>
      <translation>Adresse</translation>
    </message>
    <message>
      <source>The part before the @ is a user name, not the site. The site is %1.</source>
      <translation>Der Teil vor dem @ ist ein Benutzername, nicht die Seite. Die Seite ist %1.</translation>
    </message>
    <message>
      <source>&amp;Copy address</source>
      <translation>Adresse &amp;kopieren</translation>
    </message>
    <message>
      <source>&amp;Open</source>
      <translation>Ö&amp;ffnen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::MainWindow</name>
    <message>
      <source>Show or hide the conversations (Ctrl+B)</source>
      <translation>Gespräche ein- oder ausblenden (Strg+B)</translation>
    </message>
    <message>
      <source>Show or hide the conversations</source>
      <translation>Gespräche ein- oder ausblenden</translation>
    </message>
    <message>
      <source>System prompt (Ctrl+P)</source>
      <translation>Systemanweisung (Strg+P)</translation>
    </message>
    <message>
      <source>System prompt of this conversation</source>
      <translation>Systemanweisung dieses Gesprächs</translation>
    </message>
    <message>
      <source>Settings (Ctrl+,)</source>
      <translation>Einstellungen (Strg+,)</translation>
    </message>
    <message>
      <source>Settings</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <source>Choose another…</source>
      <translation>Anderes wählen …</translation>
    </message>
    <message>
      <source>New conversation</source>
      <translation>Neues Gespräch</translation>
    </message>
    <message>
      <source>%1 – Tendril</source>
      <translation>%1 – Tendril</translation>
    </message>
    <message>
      <source>Private</source>
      <translation>Privat</translation>
    </message>
    <message>
      <source>Private conversation: on</source>
      <translation>Privates Gespräch: ein</translation>
    </message>
    <message>
      <source>Private conversation: off</source>
      <translation>Privates Gespräch: aus</translation>
    </message>
    <message>
      <source>Private: what the model reads of this conversation is never kept on the disk and never shared with other conversations (Ctrl+Shift+P)</source>
      <translation>Privat: Was das Modell von diesem Gespräch liest, kommt nie auf die Platte und wird nie mit anderen Gesprächen geteilt (Strg+Umschalt+P)</translation>
    </message>
    <message>
      <source>Make this conversation private (Ctrl+Shift+P)</source>
      <translation>Dieses Gespräch privat machen (Strg+Umschalt+P)</translation>
    </message>
    <message>
      <source>Choose a model first (Ctrl+M)</source>
      <translation>Wählen Sie zuerst ein Modell (Strg+M)</translation>
    </message>
    <message>
      <source>The model is still being loaded</source>
      <translation>Das Modell wird noch geladen</translation>
    </message>
    <message>
      <source>The model could not be loaded; choose another one (Ctrl+M)</source>
      <translation>Das Modell konnte nicht geladen werden; wählen Sie ein anderes (Strg+M)</translation>
    </message>
    <message>
      <source>Menu bar</source>
      <translation>Menüleiste</translation>
    </message>
    <message>
      <source>&amp;File</source>
      <translation>&amp;Datei</translation>
    </message>
    <message>
      <source>&amp;New conversation</source>
      <translation>&amp;Neues Gespräch</translation>
    </message>
    <message>
      <source>&amp;Open model file…</source>
      <translation>Modelldatei ö&amp;ffnen …</translation>
    </message>
    <message>
      <source>Choose &amp;model…</source>
      <translation>&amp;Modell wählen …</translation>
    </message>
    <message>
      <source>&amp;Export conversation…</source>
      <translation>Gespräch &amp;exportieren …</translation>
    </message>
    <message>
      <source>&amp;Settings…</source>
      <translation>E&amp;instellungen …</translation>
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation>&amp;Beenden</translation>
    </message>
    <message>
      <source>&amp;Edit</source>
      <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
      <source>&amp;Conversation</source>
      <translation>&amp;Gespräch</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>&amp;Ansicht</translation>
    </message>
    <message>
      <source>&amp;Help</source>
      <translation>&amp;Hilfe</translation>
    </message>
    <message>
      <source>&amp;Keyboard shortcuts</source>
      <translation>&amp;Tastenkürzel</translation>
    </message>
    <message>
      <source>&amp;About Tendril</source>
      <translation>Ü&amp;ber Tendril</translation>
    </message>
    <message>
      <source>&amp;Undo deletion</source>
      <translation>&amp;Löschen rückgängig machen</translation>
    </message>
    <message>
      <source>&amp;Edit last message</source>
      <translation>Letzte &amp;Nachricht bearbeiten</translation>
    </message>
    <message>
      <source>&amp;Copy last answer</source>
      <translation>Letzte Antwort &amp;kopieren</translation>
    </message>
    <message>
      <source>&amp;Find in conversation</source>
      <translation>Im Gespräch &amp;suchen</translation>
    </message>
    <message>
      <source>Find &amp;next</source>
      <translation>Nä&amp;chster Treffer</translation>
    </message>
    <message>
      <source>Find &amp;previous</source>
      <translation>&amp;Voriger Treffer</translation>
    </message>
    <message>
      <source>&amp;Search all conversations</source>
      <translation>&amp;Alle Gespräche durchsuchen</translation>
    </message>
    <message>
      <source>&amp;Stop the answer</source>
      <translation>Antwort &amp;anhalten</translation>
    </message>
    <message>
      <source>&amp;Retry: another answer</source>
      <translation>Noch ein &amp;Versuch: andere Antwort</translation>
    </message>
    <message>
      <source>Retry as a nor&amp;mal answer</source>
      <translation>Als &amp;normale Antwort wiederholen</translation>
    </message>
    <message>
      <source>&amp;Continue the answer</source>
      <translation>Antwort &amp;fortsetzen</translation>
    </message>
    <message>
      <source>&amp;Attach documents…</source>
      <translation>&amp;Dokumente anhängen …</translation>
    </message>
    <message>
      <source>What the mo&amp;del has…</source>
      <translation>&amp;Was das Modell hat …</translation>
    </message>
    <message>
      <source>S&amp;horten its memory of old turns</source>
      <translation>Sein &amp;Gedächtnis für alte Beiträge kürzen</translation>
    </message>
    <message>
      <source>Restore the &amp;full text for the model</source>
      <translation>Den v&amp;ollen Text für das Modell wiederherstellen</translation>
    </message>
    <message>
      <source>Ans&amp;wers in parallel…</source>
      <translation>Antworten parall&amp;el …</translation>
    </message>
    <message>
      <source>System &amp;prompt…</source>
      <translation>&amp;Systemanweisung …</translation>
    </message>
    <message>
      <source>Pr&amp;ivate: not on the disk, not shared</source>
      <translation>&amp;Privat: nicht auf der Platte, nicht geteilt</translation>
    </message>
    <message>
      <source>Re&amp;name</source>
      <translation>&amp;Umbenennen</translation>
    </message>
    <message>
      <source>Dele&amp;te</source>
      <translation>&amp;Löschen</translation>
    </message>
    <message>
      <source>Ne&amp;xt conversation</source>
      <translation>Nä&amp;chstes Gespräch</translation>
    </message>
    <message>
      <source>Pre&amp;vious conversation</source>
      <translation>Vo&amp;riges Gespräch</translation>
    </message>
    <message>
      <source>&amp;Conversations</source>
      <translation>&amp;Gespräche</translation>
    </message>
    <message>
      <source>Go to the &amp;message field</source>
      <translation>Zum &amp;Nachrichtenfeld</translation>
    </message>
    <message>
      <source>Go to the con&amp;versation</source>
      <translation>Zum Ges&amp;präch</translation>
    </message>
    <message>
      <source>&amp;Jump to the newest message</source>
      <translation>&amp;Zur neuesten Nachricht</translation>
    </message>
    <message>
      <source>Go to the &amp;list of conversations</source>
      <translation>Zur &amp;Liste der Gespräche</translation>
    </message>
    <message>
      <source>Lar&amp;ger text</source>
      <translation>G&amp;rößerer Text</translation>
    </message>
    <message>
      <source>Smaller te&amp;xt</source>
      <translation>&amp;Kleinerer Text</translation>
    </message>
    <message>
      <source>&amp;Normal text size</source>
      <translation>Norm&amp;ale Textgröße</translation>
    </message>
    <message>
      <source>Colours like the &amp;desktop</source>
      <translation>Farben wie die Arbeits&amp;umgebung</translation>
    </message>
    <message>
      <source>L&amp;ight</source>
      <translation>&amp;Hell</translation>
    </message>
    <message>
      <source>Dar&amp;k</source>
      <translation>&amp;Dunkel</translation>
    </message>
    <message>
      <source>&amp;Full screen</source>
      <translation>&amp;Vollbild</translation>
    </message>
    <message>
      <source>Open a model file</source>
      <translation>Modelldatei öffnen</translation>
    </message>
    <message>
      <source>Language models (*.gguf)</source>
      <translation>Sprachmodelle (*.gguf)</translation>
    </message>
    <message>
      <source>All files (*)</source>
      <translation>Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Private: never on the disk, never shared</source>
      <translation>Privat: nie auf der Platte, nie geteilt</translation>
    </message>
    <message>
      <source>No longer private</source>
      <translation>Nicht mehr privat</translation>
    </message>
    <message>
      <source>Answers in parallel where it suits the question</source>
      <translation>Antworten parallel, wo es zur Frage passt</translation>
    </message>
    <message>
      <source>Answers always in parallel</source>
      <translation>Antworten immer parallel</translation>
    </message>
    <message>
      <source>Answers always in one piece</source>
      <translation>Antworten immer in einem Stück</translation>
    </message>
    <message>
      <source>Export the conversation</source>
      <translation>Gespräch exportieren</translation>
    </message>
    <message>
      <source>Markdown, for people (*.md)</source>
      <translation>Markdown, für Menschen (*.md)</translation>
    </message>
    <message>
      <source>JSON, all versions and numbers (*.json)</source>
      <translation>JSON, alle Fassungen und Zahlen (*.json)</translation>
    </message>
    <message>
      <source>What the model had read is cleared</source>
      <translation>Das Gelesene ist geleert</translation>
    </message>
    <message>
      <source>Exported to %1</source>
      <translation>Exportiert nach %1</translation>
    </message>
    <message>
      <source>The conversation could not be exported: %1</source>
      <translation>Das Gespräch konnte nicht exportiert werden: %1</translation>
    </message>
    <message>
      <source>The last answer is on the clipboard</source>
      <translation>Die letzte Antwort ist in der Zwischenablage</translation>
    </message>
    <message>
      <source>Documents cannot be attached while a sent message is edited</source>
      <translation>Solange eine gesendete Nachricht bearbeitet wird, lassen sich keine Dokumente anhängen</translation>
    </message>
    <message>
      <source>Only the first %1 of %2 files are attached.</source>
      <translation>Nur die ersten %1 von %2 Dateien werden angehängt.</translation>
    </message>
    <message>
      <source>Attach documents</source>
      <translation>Dokumente anhängen</translation>
    </message>
    <message>
      <source>Documents and source files (*)</source>
      <translation>Dokumente und Quelltexte (*)</translation>
    </message>
    <message>
      <source>PDF (*.pdf)</source>
      <translation>PDF (*.pdf)</translation>
    </message>
    <message>
      <source>Texts and Markdown (*.txt *.md)</source>
      <translation>Texte und Markdown (*.txt *.md)</translation>
    </message>
    <message>
      <source>; and %1 more</source>
      <translation>; und %1 weitere</translation>
    </message>
    <message>
      <source>This does not fit: with room for the answer it takes %1 tokens, and the context holds %2.</source>
      <translation>Das passt nicht: mit Platz für die Antwort sind es %1 Token, und der Kontext fasst %2.</translation>
    </message>
    <message>
      <source>When sent: %1.</source>
      <translation>Beim Senden: %1.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::MessageBar</name>
    <message>
      <source>Notice</source>
      <translation>Hinweis</translation>
    </message>
    <message>
      <source>What can be done</source>
      <translation>Was man tun kann</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Close this notice</source>
      <translation>Diesen Hinweis schließen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::MessageFrame</name>
    <message>
      <source>Link to %1</source>
      <translation>Link zu %1</translation>
    </message>
    <message>
      <source>Copy code</source>
      <translation>Code kopieren</translation>
    </message>
    <message>
      <source>Copy code: %1</source>
      <translation>Code kopieren: %1</translation>
    </message>
    <message>
      <source>You</source>
      <translation>Sie</translation>
    </message>
    <message>
      <source>Assistant</source>
      <translation>Assistent</translation>
    </message>
    <message>
      <source>System</source>
      <translation>System</translation>
    </message>
    <message>
      <source>Interrupted</source>
      <translation>Unterbrochen</translation>
    </message>
    <message>
      <source>Hide the %1</source>
      <translation>%1 verbergen</translation>
    </message>
    <message>
      <source>Show the %1</source>
      <translation>%1 zeigen</translation>
    </message>
    <message>
      <source>Source: %1</source>
      <translation>Quelle: %1</translation>
    </message>
    <message>
      <source>Hide what the model has in the place of older messages</source>
      <translation>Verbergen, was das Modell statt der älteren Nachrichten hat</translation>
    </message>
    <message>
      <source>Show what the model has in the place of older messages</source>
      <translation>Zeigen, was das Modell statt der älteren Nachrichten hat</translation>
    </message>
    <message>
      <source>Show all that the model has</source>
      <translation>Alles zeigen, was das Modell hat</translation>
    </message>
    <message>
      <source>Restore the full text for the model</source>
      <translation>Den vollen Text für das Modell wiederherstellen</translation>
    </message>
    <message>
      <source>Show version %1 of %2</source>
      <translation>Fassung %1 von %2 zeigen</translation>
    </message>
    <message>
      <source>Continue this answer</source>
      <translation>Diese Antwort fortsetzen</translation>
    </message>
    <message>
      <source>How this answer was made</source>
      <translation>Wie diese Antwort entstand</translation>
    </message>
    <message>
      <source>Retry as a normal answer</source>
      <translation>Als normale Antwort wiederholen</translation>
    </message>
    <message>
      <source>Retry: make another answer</source>
      <translation>Neu versuchen: eine andere Antwort</translation>
    </message>
    <message>
      <source>Edit this message</source>
      <translation>Diese Nachricht bearbeiten</translation>
    </message>
    <message>
      <source>Unpin: the model may get it shortened</source>
      <translation>Lösen: das Modell darf sie gekürzt bekommen</translation>
    </message>
    <message>
      <source>Pin: the model always gets it in full</source>
      <translation>Anheften: das Modell bekommt sie immer ganz</translation>
    </message>
    <message>
      <source>Include: the model gets it again</source>
      <translation>Einschließen: das Modell bekommt sie wieder</translation>
    </message>
    <message>
      <source>Exclude: the model never gets it</source>
      <translation>Ausschließen: das Modell bekommt sie nie</translation>
    </message>
    <message>
      <source>Copy this message</source>
      <translation>Diese Nachricht kopieren</translation>
    </message>
    <message>
      <source>Continue</source>
      <translation>Fortsetzen</translation>
    </message>
    <message>
      <source>Not read for the latest answer</source>
      <translation>Für die letzte Antwort nicht gelesen</translation>
    </message>
    <message>
      <source>Retry</source>
      <translation>Neu versuchen</translation>
    </message>
    <message>
      <source>Copied</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <source>Copy</source>
      <translation>Kopieren</translation>
    </message>
    <message>
      <source>%1 of %2</source>
      <translation>%1 von %2</translation>
    </message>
    <message>
      <source>Writing the outline</source>
      <translation>Die Gliederung wird geschrieben</translation>
    </message>
    <message>
      <source>Reading the conversation, %1 %</source>
      <translation>Gespräch wird gelesen, %1 %</translation>
    </message>
    <message>
      <source>Waiting</source>
      <translation>Wartet</translation>
    </message>
    <message>
      <source>Hide</source>
      <translation>Verbergen</translation>
    </message>
    <message>
      <source>Show</source>
      <translation>Zeigen</translation>
    </message>
    <message>
      <source>All of it…</source>
      <translation>Alles …</translation>
    </message>
    <message>
      <source>Restore</source>
      <translation>Wiederherstellen</translation>
    </message>
    <message>
      <source>pinned</source>
      <translation>angeheftet</translation>
    </message>
    <message>
      <source>excluded</source>
      <translation>ausgeschlossen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ModelChooser</name>
    <message>
      <source>Loading the model</source>
      <translation>Modell wird geladen</translation>
    </message>
    <message>
      <source>Cancel loading</source>
      <translation>Laden abbrechen</translation>
    </message>
    <message>
      <source>Cancel loading the model</source>
      <translation>Laden des Modells abbrechen</translation>
    </message>
    <message>
      <source>Choose a model</source>
      <translation>Modell wählen</translation>
    </message>
    <message>
      <source>Loading %1</source>
      <translation>%1 wird geladen</translation>
    </message>
    <message>
      <source>Model: %1</source>
      <translation>Modell: %1</translation>
    </message>
    <message>
      <source>Named “%1” in the file</source>
      <translation>In der Datei „%1“ genannt</translation>
    </message>
    <message>
      <source>Choose a model (Ctrl+M)</source>
      <translation>Modell wählen (Strg+M)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ModelFileEdit</name>
    <message>
      <source>Choose…</source>
      <translation>Wählen …</translation>
    </message>
    <message>
      <source>There is no such file.</source>
      <translation>Diese Datei gibt es nicht.</translation>
    </message>
    <message>
      <source>Language models (*.gguf)</source>
      <translation>Sprachmodelle (*.gguf)</translation>
    </message>
    <message>
      <source>All files (*)</source>
      <translation>Alle Dateien (*)</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ModelList</name>
    <message>
      <source>Named “%1” in the file</source>
      <translation>In der Datei „%1“ genannt</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::ModelPopup</name>
    <message>
      <source>Open a model file…</source>
      <translation>Modelldatei öffnen …</translation>
    </message>
    <message>
      <source>Models</source>
      <translation>Modelle</translation>
    </message>
    <message>
      <source>Models found</source>
      <translation>Gefundene Modelle</translation>
    </message>
    <message>
      <source>Open a model file</source>
      <translation>Modelldatei öffnen</translation>
    </message>
    <message>
      <source>Looking for models…</source>
      <translation>Modelle werden gesucht …</translation>
    </message>
    <message>
      <source>No model was found in the model folders. Any GGUF file can be opened where it lies.</source>
      <translation>In den Modellordnern wurde kein Modell gefunden. Jede GGUF-Datei lässt sich dort öffnen, wo sie liegt.</translation>
    </message>
  </context>
  <context>
    <name>QObject</name>
    <message>
      <source>text</source>
      <translation>Text</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::SearchModel</name>
    <message>
      <source>New conversation</source>
      <translation>Neues Gespräch</translation>
    </message>
    <message>
      <source>%1: %2</source>
      <comment>title, part of the text</comment>
      <translation>%1: %2</translation>
    </message>
    <message>
      <source>The title matches</source>
      <translation>Der Titel passt</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::SettingsDialog</name>
    <message>
      <source>Settings</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <source>Groups of settings</source>
      <translation>Gruppen von Einstellungen</translation>
    </message>
    <message>
      <source>&amp;General</source>
      <translation>&amp;Allgemein</translation>
    </message>
    <message>
      <source>&amp;Answers</source>
      <translation>Ant&amp;worten</translation>
    </message>
    <message>
      <source>Sa&amp;mpling</source>
      <translation>&amp;Zufall</translation>
    </message>
    <message>
      <source>&amp;Reading</source>
      <translation>&amp;Lesen</translation>
    </message>
    <message>
      <source>Memory and &amp;documents</source>
      <translation>Gedächtnis und &amp;Dokumente</translation>
    </message>
    <message>
      <source>&amp;Computer</source>
      <translation>&amp;Computer</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Reset to defaults</source>
      <translation>Zurücksetzen</translation>
    </message>
    <message>
      <source>All settings except the model and the model folders</source>
      <translation>Alle Einstellungen außer dem Modell und den Modellordnern</translation>
    </message>
    <message>
      <source>Like the desktop</source>
      <translation>Wie die Arbeitsumgebung</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>Dunkel</translation>
    </message>
    <message>
      <source>A&amp;ppearance</source>
      <translation>A&amp;ussehen</translation>
    </message>
    <message>
      <source> pt</source>
      <translation> pt</translation>
    </message>
    <message>
      <source>Text si&amp;ze</source>
      <translation>&amp;Textgröße</translation>
    </message>
    <message>
      <source>Model &amp;folders</source>
      <translation>Modell&amp;ordner</translation>
    </message>
    <message>
      <source>GGUF files in these folders are offered in the model list. They stay where they are.</source>
      <translation>GGUF-Dateien in diesen Ordnern stehen in der Modellliste. Sie bleiben, wo sie sind.</translation>
    </message>
    <message>
      <source>Model folders</source>
      <translation>Modellordner</translation>
    </message>
    <message>
      <source>Add folder…</source>
      <translation>Ordner hinzufügen …</translation>
    </message>
    <message>
      <source>Add a model folder</source>
      <translation>Modellordner hinzufügen</translation>
    </message>
    <message>
      <source>Remove</source>
      <translation>Entfernen</translation>
    </message>
    <message>
      <source>Remove the chosen folder from the list</source>
      <translation>Den gewählten Ordner aus der Liste entfernen</translation>
    </message>
    <message>
      <source>For example: Answer briefly. Use metric units.</source>
      <translation>Zum Beispiel: Antworte kurz. Nutze metrische Einheiten.</translation>
    </message>
    <message>
      <source>System p&amp;rompt</source>
      <translation>&amp;Systemanweisung</translation>
    </message>
    <message>
      <source>What the model is told before a new conversation. Each conversation can have its own.</source>
      <translation>Was dem Modell vor einem neuen Gespräch gesagt wird. Jedes Gespräch kann seine eigene haben.</translation>
    </message>
    <message>
      <source>Where it suits the question</source>
      <translation>Wo es zur Frage passt</translation>
    </message>
    <message>
      <source>Always</source>
      <translation>Immer</translation>
    </message>
    <message>
      <source>Never</source>
      <translation>Nie</translation>
    </message>
    <message>
      <source>In &amp;parallel</source>
      <translation>&amp;Parallel</translation>
    </message>
    <message>
      <source>Long answers are written faster as an outline whose points grow at the same time. Each conversation can have its own choice, beside the message field.</source>
      <translation>Lange Antworten entstehen schneller als Gliederung, deren Punkte gleichzeitig wachsen. Jedes Gespräch kann seine eigene Wahl haben, neben dem Nachrichtenfeld.</translation>
    </message>
    <message>
      <source>No limit</source>
      <translation>Keine Grenze</translation>
    </message>
    <message>
      <source> tokens</source>
      <translation> Token</translation>
    </message>
    <message>
      <source>&amp;Longest answer</source>
      <translation>&amp;Längste Antwort</translation>
    </message>
    <message>
      <source>No limit: as long as the context lasts.</source>
      <translation>Keine Grenze: solange der Kontext reicht.</translation>
    </message>
    <message>
      <source>0 (always the same)</source>
      <translation>0 (immer gleich)</translation>
    </message>
    <message>
      <source>&amp;Temperature</source>
      <translation>&amp;Temperatur</translation>
    </message>
    <message>
      <source>Higher is more varied; 0 takes the likeliest word each time.</source>
      <translation>Höher ist abwechslungsreicher; 0 nimmt stets das wahrscheinlichste Wort.</translation>
    </message>
    <message>
      <source>Off</source>
      <translation>Aus</translation>
    </message>
    <message>
      <source>Top &amp;k</source>
      <translation>Top &amp;k</translation>
    </message>
    <message>
      <source>Chooses among this many likeliest tokens.</source>
      <translation>Wählt unter so vielen wahrscheinlichsten Token.</translation>
    </message>
    <message>
      <source>Top &amp;p</source>
      <translation>Top &amp;p</translation>
    </message>
    <message>
      <source>Chooses among tokens that together have this probability; 1 is off.</source>
      <translation>Wählt unter Token, die zusammen diese Wahrscheinlichkeit haben; 1 schaltet ab.</translation>
    </message>
    <message>
      <source>M&amp;in p</source>
      <translation>M&amp;in p</translation>
    </message>
    <message>
      <source>Leaves out tokens less likely than this share of the likeliest one.</source>
      <translation>Lässt Token weg, die unwahrscheinlicher sind als dieser Anteil des wahrscheinlichsten.</translation>
    </message>
    <message>
      <source>Re&amp;petition penalty</source>
      <translation>&amp;Wiederholungsabzug</translation>
    </message>
    <message>
      <source>Above 1 makes repeated tokens less likely; 1 is off.</source>
      <translation>Über 1 werden Wiederholungen seltener; 1 schaltet ab.</translation>
    </message>
    <message>
      <source>Pre&amp;sence penalty</source>
      <translation>A&amp;nwesenheitsabzug</translation>
    </message>
    <message>
      <source>Subtracted for each token that was used already; 0 is off.</source>
      <translation>Wird für jedes schon benutzte Token abgezogen; 0 schaltet ab.</translation>
    </message>
    <message>
      <source>Fixed</source>
      <translation>Fest</translation>
    </message>
    <message>
      <source>Use the same seed for every answer</source>
      <translation>Für jede Antwort denselben Startwert nehmen</translation>
    </message>
    <message>
      <source>Seed</source>
      <translation>Startwert</translation>
    </message>
    <message>
      <source>S&amp;eed</source>
      <translation>&amp;Startwert</translation>
    </message>
    <message>
      <source>The same seed and settings give the same answer.</source>
      <translation>Gleicher Startwert und gleiche Einstellungen geben die gleiche Antwort.</translation>
    </message>
    <message>
      <source>Read while I type and read</source>
      <translation>Lesen, während ich schreibe und lese</translation>
    </message>
    <message>
      <source>Reading a&amp;head</source>
      <translation>&amp;Vorauslesen</translation>
    </message>
    <message>
      <source>The model reads the conversation when it is opened and finished words while they are typed, so that answers begin at once.</source>
      <translation>Das Modell liest das Gespräch beim Öffnen und fertige Wörter, während sie geschrieben werden, damit Antworten sofort beginnen.</translation>
    </message>
    <message>
      <source>Let the model name conversations</source>
      <translation>Das Modell benennt Gespräche</translation>
    </message>
    <message>
      <source>&amp;Titles</source>
      <translation>&amp;Titel</translation>
    </message>
    <message>
      <source>After the first answer, in the background. A name that you give stays.</source>
      <translation>Nach der ersten Antwort, im Hintergrund. Ein Name, den Sie geben, bleibt.</translation>
    </message>
    <message>
      <source>Both also on battery</source>
      <translation>Beides auch im Akkubetrieb</translation>
    </message>
    <message>
      <source>&amp;Battery</source>
      <translation>A&amp;kku</translation>
    </message>
    <message>
      <source>Keep on the disk what was read</source>
      <translation>Gelesenes auf der Platte behalten</translation>
    </message>
    <message>
      <source>Ca&amp;che</source>
      <translation>Z&amp;wischenspeicher</translation>
    </message>
    <message>
      <source>Conversations go on at once after a restart. It lies in your cache folder; private conversations are never in it. A change loads the model again.</source>
      <translation>Gespräche gehen nach einem Neustart sofort weiter. Er liegt in Ihrem Cache-Ordner; private Gespräche sind nie darin. Eine Änderung lädt das Modell neu.</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>Automatisch</translation>
    </message>
    <message>
      <source> GB</source>
      <translation> GB</translation>
    </message>
    <message>
      <source>At &amp;most</source>
      <translation>&amp;Höchstens</translation>
    </message>
    <message>
      <source>Automatic: 16 GB or a tenth of the free disk, whichever is less.</source>
      <translation>Automatisch: 16 GB oder ein Zehntel des freien Platzes, je nachdem, was weniger ist.</translation>
    </message>
    <message>
      <source>T&amp;hreads</source>
      <translation>T&amp;hreads</translation>
    </message>
    <message>
      <source>Automatic uses the processor's cores. Takes effect when a model is loaded.</source>
      <translation>Automatisch nutzt die Kerne des Prozessors. Wirkt beim Laden eines Modells.</translation>
    </message>
    <message>
      <source>C&amp;ontext</source>
      <translation>K&amp;ontext</translation>
    </message>
    <message>
      <source>How much of a conversation the model reads. More needs more memory. Takes effect when a model is loaded.</source>
      <translation>Wie viel eines Gesprächs das Modell liest. Mehr braucht mehr Speicher. Wirkt beim Laden eines Modells.</translation>
    </message>
    <message>
      <source>Tendril opens no network connection. Models and conversations stay on this computer.</source>
      <translation>Tendril öffnet keine Netzverbindung. Modelle und Gespräche bleiben auf diesem Computer.</translation>
    </message>
    <message>
      <source>Shorten old turns before the context is full</source>
      <translation>Alte Beiträge kürzen, ehe der Kontext voll ist</translation>
    </message>
    <message>
      <source>&amp;Old turns</source>
      <translation>Alte &amp;Beiträge</translation>
    </message>
    <message>
      <source>In idle moments. The conversation keeps its full text, a line shows where the model's memory begins to be short, and the full text can be restored.</source>
      <translation>In Ruhepausen. Das Gespräch behält seinen vollen Text, eine Linie zeigt, ab wo das Gedächtnis des Modells gekürzt ist, und der volle Text lässt sich wiederherstellen.</translation>
    </message>
    <message>
      <source>A summary by the model</source>
      <translation>Eine Zusammenfassung des Modells</translation>
    </message>
    <message>
      <source>Their text, shortened</source>
      <translation>Ihr Text, gekürzt</translation>
    </message>
    <message>
      <source>Left out</source>
      <translation>Nichts</translation>
    </message>
    <message>
      <source>&amp;In their place</source>
      <translation>An ihrer &amp;Stelle</translation>
    </message>
    <message>
      <source>What the model has of them afterwards. Pinned messages always stay whole.</source>
      <translation>Was das Modell danach von ihnen hat. Angeheftete Nachrichten bleiben immer ganz.</translation>
    </message>
    <message>
      <source>Rare words, at once</source>
      <translation>Seltene Wörter, sofort</translation>
    </message>
    <message>
      <source>Selective Context, by the model</source>
      <translation>Selective Context, durch das Modell</translation>
    </message>
    <message>
      <source>LLMLingua, by the model</source>
      <translation>LLMLingua, durch das Modell</translation>
    </message>
    <message>
      <source>Shortening of &amp;texts</source>
      <translation>Kürzen von &amp;Texten</translation>
    </message>
    <message>
      <source>How documents are made shorter when you choose so. Numbers, negations, code, tables, quotations and headings always stay.</source>
      <translation>Wie Dokumente gekürzt werden, wenn Sie es so wählen. Zahlen, Verneinungen, Code, Tabellen, Zitate und Überschriften bleiben immer.</translation>
    </message>
    <message>
      <source> % of the tokens</source>
      <translation> % der Token</translation>
    </message>
    <message>
      <source>&amp;Keep</source>
      <translation>Be&amp;halten</translation>
    </message>
    <message>
      <source>Keep of whole documents what the model looks at</source>
      <translation>Von ganzen Dokumenten behalten, worauf das Modell schaut</translation>
    </message>
    <message>
      <source>&amp;Documents</source>
      <translation>&amp;Dokumente</translation>
    </message>
    <message>
      <source>Of those that a conversation begins with: after an answer, half of the memory that they take is given back. The text stays, and the full one can be restored. Not for models with sliding windows, and not on the graphics card.</source>
      <translation>Von denen, mit denen ein Gespräch beginnt: Nach einer Antwort wird die Hälfte ihres Speichers zurückgegeben. Der Text bleibt, und der ganze lässt sich wiederherstellen. Nicht bei Modellen mit gleitenden Fenstern und nicht auf der Grafikkarte.</translation>
    </message>
    <message>
      <source>Model that judges which words matter</source>
      <translation>Modell, das beurteilt, welche Wörter wichtig sind</translation>
    </message>
    <message>
      <source>Choose a model that judges which words matter</source>
      <translation>Ein Modell wählen, das beurteilt, welche Wörter wichtig sind</translation>
    </message>
    <message>
      <source>The loaded model</source>
      <translation>Das geladene Modell</translation>
    </message>
    <message>
      <source>The loaded model judges.</source>
      <translation>Das geladene Modell beurteilt.</translation>
    </message>
    <message>
      <source>&amp;Judge</source>
      <translation>&amp;Prüfer</translation>
    </message>
    <message>
      <source>A small GGUF model that judges which words matter. Without one the loaded model does it.</source>
      <translation>Ein kleines GGUF-Modell, das beurteilt, welche Wörter wichtig sind. Ohne eines tut es das geladene Modell.</translation>
    </message>
    <message>
      <source>Model that searches documents by meaning</source>
      <translation>Modell, das Dokumente nach dem Sinn durchsucht</translation>
    </message>
    <message>
      <source>Choose a model that searches documents by meaning</source>
      <translation>Ein Modell wählen, das Dokumente nach dem Sinn durchsucht</translation>
    </message>
    <message>
      <source>None: by words alone</source>
      <translation>Keines: nur nach Wörtern</translation>
    </message>
    <message>
      <source>Documents are searched by their words alone.</source>
      <translation>Dokumente werden nur nach ihren Wörtern durchsucht.</translation>
    </message>
    <message>
      <source>&amp;Search with</source>
      <translation>Suchen m&amp;it</translation>
    </message>
    <message>
      <source>A GGUF model made for embeddings. With one, documents are searched by meaning as well as by words.</source>
      <translation>Ein GGUF-Modell für Embeddings. Mit einem werden Dokumente außer nach Wörtern auch nach dem Sinn durchsucht.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::SideBar</name>
    <message>
      <source>New conversation</source>
      <translation>Neues Gespräch</translation>
    </message>
    <message>
      <source>New conversation (Ctrl+N)</source>
      <translation>Neues Gespräch (Strg+N)</translation>
    </message>
    <message>
      <source>Search conversations</source>
      <translation>Gespräche durchsuchen</translation>
    </message>
    <message>
      <source>Conversations</source>
      <translation>Gespräche</translation>
    </message>
    <message>
      <source>Search results</source>
      <translation>Suchergebnisse</translation>
    </message>
    <message>
      <source>Nothing found for “%1”</source>
      <translation>Nichts gefunden zu „%1“</translation>
    </message>
    <message>
      <source>Rename</source>
      <translation>Umbenennen</translation>
    </message>
    <message>
      <source>Export…</source>
      <translation>Exportieren …</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>Löschen</translation>
    </message>
    <message>
      <source>Conversation deleted</source>
      <translation>Gespräch gelöscht</translation>
    </message>
    <message>
      <source>“%1” deleted</source>
      <translation>„%1“ gelöscht</translation>
    </message>
    <message>
      <source>Undo</source>
      <translation>Rückgängig</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::StatusLine</name>
    <message>
      <source>Cancel the shortening</source>
      <translation>Das Kürzen abbrechen</translation>
    </message>
    <message>
      <source>No model loaded</source>
      <translation>Kein Modell geladen</translation>
    </message>
    <message>
      <source>Loading the model, %1 %</source>
      <translation>Modell wird geladen, %1 %</translation>
    </message>
    <message>
      <source>The model could not be loaded</source>
      <translation>Das Modell konnte nicht geladen werden</translation>
    </message>
    <message>
      <source>The answer waits</source>
      <translation>Die Antwort wartet</translation>
    </message>
    <message>
      <source>Reading the prompt, %1 %</source>
      <translation>Eingabe wird gelesen, %1 %</translation>
    </message>
    <message>
      <source>%1 tokens/s</source>
      <translation>%1 Token/s</translation>
    </message>
    <message>
      <source>read %1 new, %2 reused</source>
      <translation>%1 neu gelesen, %2 wiederverwendet</translation>
    </message>
    <message>
      <source>Tokens of the newest prompt: read now, and taken from the cache</source>
      <translation>Token der neuesten Eingabe: jetzt gelesen und aus dem Zwischenspeicher genommen</translation>
    </message>
    <message>
      <source>The answer is being written</source>
      <translation>Die Antwort wird geschrieben</translation>
    </message>
    <message>
      <source>The answer is complete</source>
      <translation>Die Antwort ist vollständig</translation>
    </message>
    <message>
      <source>%1, %2 %</source>
      <comment>what is being shortened, progress</comment>
      <translation>%1, %2 %</translation>
    </message>
    <message>
      <source>%1 / %2 tokens</source>
      <comment>context used, limit</comment>
      <translation>%1 / %2 Token</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::TextDialog</name>
    <message>
      <source>&amp;Close</source>
      <translation>&amp;Schließen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Welcome</name>
    <message>
      <source>Choose a model file…</source>
      <translation>Modelldatei wählen …</translation>
    </message>
    <message>
      <source>Use the model that was found</source>
      <translation>Das gefundene Modell nehmen</translation>
    </message>
    <message>
      <source>Choose a model file</source>
      <translation>Modelldatei wählen</translation>
    </message>
    <message>
      <source>Explain how a heat pump works</source>
      <translation>Erkläre, wie eine Wärmepumpe arbeitet</translation>
    </message>
    <message>
      <source>Write a polite reminder e-mail</source>
      <translation>Schreibe eine höfliche Erinnerung</translation>
    </message>
    <message>
      <source>Review this C++ function:</source>
      <translation>Prüfe diese C++-Funktion:</translation>
    </message>
    <message>
      <source>Begin with: %1</source>
      <translation>Beginnen mit: %1</translation>
    </message>
    <message>
      <source>Use %1</source>
      <translation>%1 nehmen</translation>
    </message>
    <message>
      <source>Choose a model to begin</source>
      <translation>Wählen Sie zuerst ein Modell</translation>
    </message>
    <message>
      <source>Tendril runs language models on this computer. A model is one GGUF file; it is used where it lies and nothing you write leaves this machine.</source>
      <translation>Tendril führt Sprachmodelle auf diesem Computer aus. Ein Modell ist eine GGUF-Datei; sie bleibt, wo sie liegt, und nichts, was Sie schreiben, verlässt dieses Gerät.</translation>
    </message>
    <message>
      <source>That model could not be loaded</source>
      <translation>Dieses Modell konnte nicht geladen werden</translation>
    </message>
    <message>
      <source>Loading the model…</source>
      <translation>Modell wird geladen …</translation>
    </message>
    <message>
      <source>You can write your message meanwhile.</source>
      <translation>Sie können Ihre Nachricht schon schreiben.</translation>
    </message>
    <message>
      <source>What shall we talk about?</source>
      <translation>Worüber wollen wir sprechen?</translation>
    </message>
    <message>
      <source>%1 runs on this computer. Nothing you write leaves it.</source>
      <translation>%1 läuft auf diesem Computer. Nichts, was Sie schreiben, verlässt ihn.</translation>
    </message>
    <message>
      <source>You can also drop a GGUF file on this window. The set-up command in the README fetches a small model to start with (SmolLM2-135M, 98 MB).</source>
      <translation>Sie können auch eine GGUF-Datei auf dieses Fenster ziehen. Der Einrichtungsbefehl im README holt ein kleines Modell für den Anfang (SmolLM2-135M, 98 MB).</translation>
    </message>
    <message>
      <source>You can also drop a GGUF file on this window.</source>
      <translation>Sie können auch eine GGUF-Datei auf dieses Fenster ziehen.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Dialogs</name>
    <message>
      <source>System prompt of this conversation</source>
      <translation>Systemanweisung dieses Gesprächs</translation>
    </message>
    <message>
      <source>System prompt</source>
      <translation>Systemanweisung</translation>
    </message>
    <message>
      <source>For example: You are a patient teacher of mathematics.</source>
      <translation>Zum Beispiel: Du bist eine geduldige Mathematiklehrerin.</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>Speichern</translation>
    </message>
    <message>
      <source>Save the system prompt</source>
      <translation>Systemanweisung speichern</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>What the model is told before the first message. A change counts from the next answer on; the model then reads the conversation again.</source>
      <translation>Was dem Modell vor der ersten Nachricht gesagt wird. Eine Änderung gilt ab der nächsten Antwort; das Modell liest das Gespräch dann neu.</translation>
    </message>
    <message>
      <source>Keyboard shortcuts</source>
      <translation>Tastenkürzel</translation>
    </message>
    <message>
      <source>Writing</source>
      <translation>Schreiben</translation>
    </message>
    <message>
      <source>Enter</source>
      <translation>Eingabe</translation>
    </message>
    <message>
      <source>Send</source>
      <translation>Senden</translation>
    </message>
    <message>
      <source>Shift+Enter</source>
      <translation>Umschalt+Eingabe</translation>
    </message>
    <message>
      <source>Break the line</source>
      <translation>Neue Zeile</translation>
    </message>
    <message>
      <source>Up</source>
      <translation>Auf</translation>
    </message>
    <message>
      <source>Edit the last message, when nothing is written</source>
      <translation>Letzte Nachricht bearbeiten, wenn nichts geschrieben ist</translation>
    </message>
    <message>
      <source>On a message in the conversation</source>
      <translation>Auf einer Nachricht im Gespräch</translation>
    </message>
    <message>
      <source>Retry: another answer</source>
      <translation>Wiederholen: eine andere Antwort</translation>
    </message>
    <message>
      <source>Retry as a normal answer</source>
      <translation>Als normale Antwort wiederholen</translation>
    </message>
    <message>
      <source>How this answer was made</source>
      <translation>Wie diese Antwort entstand</translation>
    </message>
    <message>
      <source>Continue the answer</source>
      <translation>Die Antwort fortsetzen</translation>
    </message>
    <message>
      <source>Edit your message</source>
      <translation>Ihre Nachricht bearbeiten</translation>
    </message>
    <message>
      <source>Copy the message</source>
      <translation>Die Nachricht kopieren</translation>
    </message>
    <message>
      <source>Pin: the model always gets it in full</source>
      <translation>Anheften: das Modell bekommt sie immer ganz</translation>
    </message>
    <message>
      <source>Exclude: the model never gets it</source>
      <translation>Ausschließen: das Modell bekommt sie nie</translation>
    </message>
    <message>
      <source>Show or hide the sources of the answer</source>
      <translation>Quellen der Antwort zeigen oder verbergen</translation>
    </message>
    <message>
      <source>Show or hide what the model has of older messages</source>
      <translation>Zeigen oder verbergen, was das Modell von älteren Nachrichten hat</translation>
    </message>
    <message>
      <source>Restore the full text for the model</source>
      <translation>Den vollen Text für das Modell wiederherstellen</translation>
    </message>
    <message>
      <source>On a document of your message</source>
      <translation>Auf einem Dokument Ihrer Nachricht</translation>
    </message>
    <message>
      <source>Choose how the model gets it</source>
      <translation>Wählen, wie das Modell es bekommt</translation>
    </message>
    <message>
      <source>Delete</source>
      <translation>Löschen</translation>
    </message>
    <message>
      <source>Remove it from the message</source>
      <translation>Aus der Nachricht entfernen</translation>
    </message>
    <message>
      <source>List of conversations</source>
      <translation>Liste der Gespräche</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>Öffnen</translation>
    </message>
    <message>
      <source>Delete; can be undone</source>
      <translation>Löschen; kann rückgängig gemacht werden</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>About Tendril</source>
      <translation>Über Tendril</translation>
    </message>
    <message>
      <source>Tendril %1</source>
      <translation>Tendril %1</translation>
    </message>
    <message>
      <source>A desktop chat with language models that run on this computer.</source>
      <translation>Gespräche mit Sprachmodellen, die auf diesem Computer laufen.</translation>
    </message>
    <message>
      <source>No network: Tendril opens no connection, sends no statistics and looks for no updates.</source>
      <translation>Kein Netz: Tendril öffnet keine Verbindung, sendet keine Statistik und sucht keine Aktualisierungen.</translation>
    </message>
    <message>
      <source>Nothing is lost: every message is saved as it is written, and what is deleted can be brought back.</source>
      <translation>Nichts geht verloren: Jede Nachricht wird beim Schreiben gespeichert, und Gelöschtes lässt sich zurückholen.</translation>
    </message>
    <message>
      <source>Nothing is silent: what the model did not read, and why something is slow or not possible, is said in words.</source>
      <translation>Nichts geschieht stillschweigend: Was das Modell nicht gelesen hat und warum etwas langsam ist oder nicht geht, steht da.</translation>
    </message>
    <message>
      <source>Your files stay yours: models are used where they lie, conversations can be exported at any time.</source>
      <translation>Ihre Dateien bleiben Ihre: Modelle bleiben, wo sie liegen, Gespräche lassen sich jederzeit exportieren.</translation>
    </message>
    <message>
      <source>Free software under the Apache License 2.0. Uses Qt %1 under the LGPL.</source>
      <translation>Freie Software unter der Apache-Lizenz 2.0. Nutzt Qt %1 unter der LGPL.</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Documents</name>
    <message>
      <source>%1 token</source>
      <translation>%1 Token</translation>
    </message>
    <message>
      <source>%1 tokens</source>
      <translation>%1 Token</translation>
    </message>
    <message>
      <source>%1 → %2</source>
      <comment>tokens before and after</comment>
      <translation>%1 → %2</translation>
    </message>
    <message>
      <source>being read, %1 %</source>
      <translation>wird gelesen, %1 %</translation>
    </message>
    <message>
      <source>being shortened, %1 %</source>
      <translation>wird gekürzt, %1 %</translation>
    </message>
    <message>
      <source>being prepared for the search, %1 %</source>
      <translation>wird für die Suche vorbereitet, %1 %</translation>
    </message>
    <message>
      <source>One earlier message</source>
      <translation>Eine frühere Nachricht</translation>
    </message>
    <message>
      <source>%1 earlier messages</source>
      <translation>%1 frühere Nachrichten</translation>
    </message>
    <message>
      <source>%1 bytes</source>
      <translation>%1 Byte</translation>
    </message>
    <message>
      <source>%1 MB</source>
      <translation>%1 MB</translation>
    </message>
    <message>
      <source>%1 kB</source>
      <translation>%1 kB</translation>
    </message>
    <message>
      <source>whole</source>
      <translation>ganz</translation>
    </message>
    <message>
      <source>to be shortened</source>
      <translation>wird gekürzt</translation>
    </message>
    <message>
      <source>searched</source>
      <translation>durchsucht</translation>
    </message>
    <message>
      <source>%1, whole</source>
      <translation>%1, ganz</translation>
    </message>
    <message>
      <source>%1, %2 in short form</source>
      <translation>%1, gekürzt %2</translation>
    </message>
    <message>
      <source>%1, to be shortened</source>
      <translation>%1, wird gekürzt</translation>
    </message>
    <message>
      <source>%1, searched, at most %2 read</source>
      <translation>%1, durchsucht, höchstens %2 gelesen</translation>
    </message>
    <message>
      <source>%1, searched</source>
      <translation>%1, durchsucht</translation>
    </message>
    <message>
      <source>read whole, %1</source>
      <translation>ganz gelesen, %1</translation>
    </message>
    <message>
      <source>read whole</source>
      <translation>ganz gelesen</translation>
    </message>
    <message>
      <source>read shortened, %1</source>
      <translation>gekürzt gelesen, %1</translation>
    </message>
    <message>
      <source>read shortened</source>
      <translation>gekürzt gelesen</translation>
    </message>
    <message>
      <source>searched, at most %1 of %2 read</source>
      <translation>durchsucht, höchstens %1 von %2 gelesen</translation>
    </message>
    <message>
      <source>Documents: %1</source>
      <translation>Dokumente: %1</translation>
    </message>
    <message>
      <source>1 source</source>
      <translation>1 Quelle</translation>
    </message>
    <message>
      <source>%1 sources</source>
      <translation>%1 Quellen</translation>
    </message>
    <message>
      <source>%1, place %2: %3</source>
      <translation>%1, Stelle %2: %3</translation>
    </message>
    <message>
      <source>From here up the model has a summary: %1</source>
      <translation>Von hier aufwärts hat das Modell eine Zusammenfassung: %1</translation>
    </message>
    <message>
      <source>From here up the model has a shortened text: %1</source>
      <translation>Von hier aufwärts hat das Modell einen gekürzten Text: %1</translation>
    </message>
    <message>
      <source>From here up the model remembers only what matters most: %1</source>
      <translation>Von hier aufwärts erinnert sich das Modell nur an das Wichtigste: %1</translation>
    </message>
    <message>
      <source>From here up the model has only notes of what you said about its answers: %1</source>
      <translation>Von hier aufwärts hat das Modell nur Notizen davon, was Sie über seine Antworten sagten: %1</translation>
    </message>
    <message>
      <source>The model does not have %1 any more: %2 left out</source>
      <translation>Das Modell hat %1 nicht mehr: %2 weggelassen</translation>
    </message>
    <message>
      <source>From here up the model has nothing: %1 left out</source>
      <translation>Von hier aufwärts hat das Modell nichts: %1 weggelassen</translation>
    </message>
    <message>
      <source>The context was full: the answer went on with the beginning and the newest part only</source>
      <translation>Der Kontext war voll: die Antwort ging nur mit dem Anfang und dem neuesten Teil weiter</translation>
    </message>
    <message>
      <source>The context was full: the answer went on with the beginning and the newest part only, %1</source>
      <translation>Der Kontext war voll: die Antwort ging nur mit dem Anfang und dem neuesten Teil weiter, %1</translation>
    </message>
    <message>
      <source>A document</source>
      <translation>Ein Dokument</translation>
    </message>
    <message>
      <source>%1 becomes a summary, %2</source>
      <translation>%1 wird zusammengefasst, %2</translation>
    </message>
    <message>
      <source>%1 become a summary, %2</source>
      <translation>%1 werden zusammengefasst, %2</translation>
    </message>
    <message>
      <source>%1 is shortened, %2</source>
      <translation>%1 wird gekürzt, %2</translation>
    </message>
    <message>
      <source>%1 are shortened, %2</source>
      <translation>%1 werden gekürzt, %2</translation>
    </message>
    <message>
      <source>%1 is left out, %2</source>
      <translation>%1 wird weggelassen, %2</translation>
    </message>
    <message>
      <source>%1 are left out, %2</source>
      <translation>%1 werden weggelassen, %2</translation>
    </message>
    <message>
      <source>pinned: always read in full</source>
      <translation>angeheftet: wird immer ganz gelesen</translation>
    </message>
    <message>
      <source>excluded: never read</source>
      <translation>ausgeschlossen: wird nie gelesen</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Format</name>
    <message>
      <source>%1 GB</source>
      <translation>%1 GB</translation>
    </message>
    <message>
      <source>%1 MB</source>
      <translation>%1 MB</translation>
    </message>
    <message>
      <source>%1 kB</source>
      <translation>%1 kB</translation>
    </message>
    <message>
      <source>%1 billion parameters</source>
      <translation>%1 Milliarden Parameter</translation>
    </message>
    <message>
      <source>%1 million parameters</source>
      <translation>%1 Millionen Parameter</translation>
    </message>
    <message>
      <source>Fits: needs %1, %2 free</source>
      <translation>Passt: braucht %1, %2 frei</translation>
    </message>
    <message>
      <source>Too large: needs %1, only %2 free</source>
      <translation>Zu groß: braucht %1, nur %2 frei</translation>
    </message>
  </context>
  <context>
    <name>tendril::ui::Points</name>
    <message>
      <source>waiting</source>
      <translation>wartet</translation>
    </message>
    <message>
      <source>being written</source>
      <translation>wird geschrieben</translation>
    </message>
    <message>
      <source>cut short</source>
      <translation>abgebrochen</translation>
    </message>
    <message>
      <source>Points in parallel: %1 of %2 written, %3 being written</source>
      <translation>Punkte parallel: %1 von %2 geschrieben, %3 in Arbeit</translation>
    </message>
    <message>
      <source>Normal answer: %1</source>
      <translation>Normale Antwort: %1</translation>
    </message>
    <message>
      <source>Points written in parallel, predicted %1 times faster</source>
      <translation>Punkte parallel geschrieben, vorhergesagt: %1-mal so schnell</translation>
    </message>
    <message>
      <source>Points written in parallel</source>
      <translation>Punkte parallel geschrieben</translation>
    </message>
  </context>
  <context>
    <name>tendril::app::InstanceLock</name>
    <message>
      <source>The folder %1 cannot be opened: %2.</source>
      <translation>Der Ordner %1 lässt sich nicht öffnen: %2.</translation>
    </message>
    <message>
      <source>Tendril is running already, but does not answer.</source>
      <translation>Tendril läuft bereits, antwortet aber nicht.</translation>
    </message>
  </context>
  <context>
    <name>QObject</name>
    <message>
      <source>Tendril is running already, but does not answer. End it and start again.</source>
      <translation>Tendril läuft schon, antwortet aber nicht. Beenden Sie es und starten Sie neu.</translation>
    </message>
  </context>
  <context>
    <name>tendril::app::Sentences</name>
    <message>
      <source>CPU, %1, %2 threads (no CUDA plugin)</source>
      <translation>CPU, %1, %2 Threads (kein CUDA-Plugin)</translation>
    </message>
    <message>
      <source>CPU, %1, %2 thread (no CUDA plugin)</source>
      <translation>CPU, %1, %2 Thread (kein CUDA-Plugin)</translation>
    </message>
    <message>
      <source>CPU, %1, %2 threads (%3)</source>
      <translation>CPU, %1, %2 Threads (%3)</translation>
    </message>
    <message>
      <source>CPU, %1, %2 thread (%3)</source>
      <translation>CPU, %1, %2 Thread (%3)</translation>
    </message>
    <message>
      <source>CUDA, %1: %2 layers; CPU, %3, %4 threads: %5 layers (%6)</source>
      <translation>CUDA, %1: %2 Schichten; CPU, %3, %4 Threads: %5 Schichten (%6)</translation>
    </message>
    <message>
      <source>CUDA, %1: %2 layers; CPU, %3, %4 threads: %5 layers</source>
      <translation>CUDA, %1: %2 Schichten; CPU, %3, %4 Threads: %5 Schichten</translation>
    </message>
    <message>
      <source>CUDA, %1: %2 layers; CUDA, %3: %4 layers</source>
      <translation>CUDA, %1: %2 Schichten; CUDA, %3: %4 Schichten</translation>
    </message>
    <message>
      <source>CPU, %1, %2 threads</source>
      <translation>CPU, %1, %2 Threads</translation>
    </message>
    <message>
      <source>CPU, %1, %2 thread</source>
      <translation>CPU, %1, %2 Thread</translation>
    </message>
    <message>
      <source>no CUDA plugin</source>
      <translation>kein CUDA-Plugin</translation>
    </message>
    <message>
      <source>CUDA: the plugin cannot be loaded</source>
      <translation>CUDA: Das Plugin lässt sich nicht laden</translation>
    </message>
    <message>
      <source>CUDA: the plugin is of another version</source>
      <translation>CUDA: Das Plugin gehört zu einer anderen Version</translation>
    </message>
    <message>
      <source>CUDA: no NVIDIA driver</source>
      <translation>CUDA: kein NVIDIA-Treiber</translation>
    </message>
    <message>
      <source>CUDA: the driver is too old</source>
      <translation>CUDA: Der Treiber ist zu alt</translation>
    </message>
    <message>
      <source>CUDA: the graphics card does not answer</source>
      <translation>CUDA: Die Grafikkarte antwortet nicht</translation>
    </message>
    <message>
      <source>CUDA: CUDA_VISIBLE_DEVICES hides the graphics card</source>
      <translation>CUDA: CUDA_VISIBLE_DEVICES verbirgt die Grafikkarte</translation>
    </message>
    <message>
      <source>CUDA: no graphics card</source>
      <translation>CUDA: keine Grafikkarte</translation>
    </message>
    <message>
      <source>CUDA: the graphics card cannot be used</source>
      <translation>CUDA: Die Grafikkarte kann nicht benutzt werden</translation>
    </message>
    <message>
      <source>CUDA: too little graphics memory</source>
      <translation>CUDA: zu wenig Grafikspeicher</translation>
    </message>
    <message>
      <source>CUDA: the graphics card stopped working</source>
      <translation>CUDA: Die Grafikkarte ist ausgefallen</translation>
    </message>
    <message>
      <source>The CUDA plugin cannot be loaded, so the graphics card cannot be used. Choose the CPU or automatic.</source>
      <translation>Das CUDA-Plugin lässt sich nicht laden, darum kann die Grafikkarte nicht benutzt werden. Wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>The CUDA plugin is of another version than the program; install the one that belongs to it, or choose the CPU or automatic.</source>
      <translation>Das CUDA-Plugin gehört zu einer anderen Version als das Programm; installieren Sie das passende, oder wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>No driver for NVIDIA graphics cards is installed, so CUDA cannot be used. Choose the CPU or automatic.</source>
      <translation>Es ist kein Treiber für NVIDIA-Grafikkarten installiert, darum kann CUDA nicht benutzt werden. Wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>The graphics driver is too old for the CUDA plugin: it knows CUDA %1, and %2 is needed. Update it, or choose the CPU or automatic.</source>
      <translation>Der Grafiktreiber ist zu alt für das CUDA-Plugin: Er kennt CUDA %1, und %2 ist nötig. Aktualisieren Sie ihn, oder wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>The environment variable CUDA_VISIBLE_DEVICES hides all graphics cards. Unset it, or choose the CPU or automatic.</source>
      <translation>Die Umgebungsvariable CUDA_VISIBLE_DEVICES verbirgt alle Grafikkarten. Löschen Sie sie, oder wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>No NVIDIA graphics card was found, so CUDA cannot be used. Choose the CPU or automatic.</source>
      <translation>Es wurde keine NVIDIA-Grafikkarte gefunden, darum kann CUDA nicht benutzt werden. Wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>The graphics card has only %1 MB of free memory, which is too little for a model. Close other programs, or choose the CPU or automatic.</source>
      <translation>Die Grafikkarte hat nur %1 MB freien Speicher, zu wenig für ein Modell. Schließen Sie andere Programme, oder wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>The graphics card has too little free memory. Choose a smaller model or context, close other programs, or use the CPU.</source>
      <translation>Die Grafikkarte hat zu wenig freien Speicher. Wählen Sie ein kleineres Modell oder einen kleineren Kontext, schließen Sie andere Programme, oder benutzen Sie die CPU.</translation>
    </message>
    <message>
      <source>The graphics card stopped working while %1. The model is opened again on the CPU; ask once more.</source>
      <translation>Die Grafikkarte ist ausgefallen (%1). Das Modell wird auf der CPU neu geöffnet; fragen Sie noch einmal.</translation>
    </message>
    <message>
      <source>The graphics card has too little free memory. Choose a smaller model or context, close other programs, or use the CPU. The model is opened again on the CPU; ask once more.</source>
      <translation>Die Grafikkarte hat zu wenig freien Speicher. Das Modell wird auf der CPU neu geöffnet; fragen Sie noch einmal.</translation>
    </message>
    <message>
      <source>The graphics card stopped working while %1.</source>
      <translation>Die Grafikkarte ist ausgefallen (%1).</translation>
    </message>
    <message>
      <source>The graphics memory has room for %1 of the model's %2 layers; the CPU computes the others, which is slower.</source>
      <translation>Der Grafikspeicher fasst %1 der %2 Schichten des Modells; die übrigen rechnet die CPU, was langsamer ist.</translation>
    </message>
    <message>
      <source>No single graphics card has room for the model; its layers lie on %1 cards.</source>
      <translation>Keine einzelne Grafikkarte hat Platz für das Modell; seine Schichten liegen auf %1 Karten.</translation>
    </message>
    <message>
      <source>The graphics card gave less memory than it had said was free; the model was opened with less of it.</source>
      <translation>Die Grafikkarte gab weniger Speicher, als sie für frei erklärt hatte; das Modell wurde mit weniger davon geöffnet.</translation>
    </message>
    <message>
      <source>The system gave no memory that the graphics card can copy from, so what the card has no room for is kept on the disk only.</source>
      <translation>Das System gab keinen Speicher, aus dem die Grafikkarte kopieren kann; was auf der Karte keinen Platz hat, wird nur auf dem Datenträger behalten.</translation>
    </message>
    <message>
      <source>There is no file %1 at this place.</source>
      <translation>An diesem Ort gibt es keine Datei %1.</translation>
    </message>
    <message>
      <source>You have no permission to read %1.</source>
      <translation>Sie dürfen %1 nicht lesen.</translation>
    </message>
    <message>
      <source>The file %1 could not be opened: %2.</source>
      <translation>Die Datei %1 konnte nicht geöffnet werden: %2.</translation>
    </message>
    <message>
      <source>%1 is a folder, not a model file.</source>
      <translation>%1 ist ein Ordner, keine Modelldatei.</translation>
    </message>
    <message>
      <source>%1 is not a regular file.</source>
      <translation>%1 ist keine gewöhnliche Datei.</translation>
    </message>
    <message>
      <source>The file is empty.</source>
      <translation>Die Datei ist leer.</translation>
    </message>
    <message>
      <source>The file is not a GGUF model: it does not begin with the letters GGUF.</source>
      <translation>Die Datei ist kein GGUF-Modell: Sie beginnt nicht mit den Buchstaben GGUF.</translation>
    </message>
    <message>
      <source>The model could not be loaded: %1</source>
      <translation>Das Modell konnte nicht geladen werden: %1</translation>
    </message>
    <message>
      <source>No model is loaded. Choose one, then try again.</source>
      <translation>Kein Modell ist geladen. Wählen Sie eines und versuchen Sie es dann noch einmal.</translation>
    </message>
    <message>
      <source>This build has no CUDA plugin, so it cannot use a graphics card. Choose the CPU or automatic.</source>
      <translation>Diese Fassung hat kein CUDA-Plugin und kann keine Grafikkarte benutzen. Wählen Sie CPU oder automatisch.</translation>
    </message>
    <message>
      <source>This model brings no chat template; the conversation is given to it as ChatML.</source>
      <translation>Dieses Modell bringt keine Gesprächsvorlage mit; es bekommt das Gespräch als ChatML.</translation>
    </message>
    <message>
      <source>This model knows no system prompt; its text stands in front of the first message.</source>
      <translation>Dieses Modell kennt keine Systemanweisung; ihr Text steht vor der ersten Nachricht.</translation>
    </message>
    <message>
      <source>The model's chat template cannot be read: %1</source>
      <translation>Die Gesprächsvorlage des Modells lässt sich nicht lesen: %1</translation>
    </message>
    <message>
      <source>Tendril ended unexpectedly while it was loading %1. No model was loaded by itself this time; choose one to go on.</source>
      <translation>Tendril endete unerwartet, während es %1 lud. Diesmal wurde kein Modell von selbst geladen; wählen Sie eines, um weiterzumachen.</translation>
    </message>
    <message>
      <source>The answer reached the limit of %1 tokens.</source>
      <translation>Die Antwort erreichte die Grenze von %1 Token.</translation>
    </message>
    <message>
      <source>The context of %1 tokens is full.</source>
      <translation>Der Kontext von %1 Token ist voll.</translation>
    </message>
    <message>
      <source>The conversation does not fit into the model's context of %1 tokens.</source>
      <translation>Das Gespräch passt nicht in den Kontext des Modells von %1 Token.</translation>
    </message>
    <message>
      <source>The system prompt and the last message have %1 tokens; the context has room for %2.</source>
      <translation>Die Systemanweisung und die letzte Nachricht haben %1 Token; der Kontext hat Platz für %2.</translation>
    </message>
    <message>
      <source>This message cannot be continued now.</source>
      <translation>Diese Nachricht lässt sich jetzt nicht fortsetzen.</translation>
    </message>
    <message>
      <source>This message answers nothing, so it cannot be answered again.</source>
      <translation>Diese Nachricht antwortet auf nichts und lässt sich darum nicht neu beantworten.</translation>
    </message>
    <message>
      <source>The message could not be sent: no conversation can be made.</source>
      <translation>Die Nachricht konnte nicht gesendet werden: Es lässt sich kein Gespräch anlegen.</translation>
    </message>
    <message>
      <source>All answers are saved now.</source>
      <translation>Alle Antworten sind jetzt gespeichert.</translation>
    </message>
    <message>
      <source>There is room on the disk again; your message is saved.</source>
      <translation>Auf der Platte ist wieder Platz; Ihre Nachricht ist gespeichert.</translation>
    </message>
    <message>
      <source>Your message is kept here and sent as soon as it can be saved.</source>
      <translation>Ihre Nachricht bleibt hier und wird gesendet, sobald sie gespeichert werden kann.</translation>
    </message>
    <message>
      <source>What was written here is kept in memory and tried again.</source>
      <translation>Was hier geschrieben wurde, bleibt im Speicher und wird noch einmal versucht.</translation>
    </message>
    <message>
      <source>The conversations of this session are kept in %1 only.</source>
      <translation>Die Gespräche dieser Sitzung liegen nur in %1.</translation>
    </message>
    <message>
      <source>The conversations are open for reading only.</source>
      <translation>Die Gespräche sind nur zum Lesen geöffnet.</translation>
    </message>
    <message>
      <source>%1 cannot be written. The conversations can be read, but nothing new is saved.</source>
      <translation>%1 lässt sich nicht beschreiben. Die Gespräche können gelesen werden, aber nichts Neues wird gespeichert.</translation>
    </message>
    <message>
      <source>The settings in %1 cannot be read; the defaults are used. The old file is kept as %2.</source>
      <translation>Die Einstellungen in %1 lassen sich nicht lesen; die Vorgaben gelten. Die alte Datei liegt als %2 bereit.</translation>
    </message>
    <message>
      <source>The settings name a way of shortening texts that is not offered: %1. The automatic one is used; there are %2.</source>
      <translation>Die Einstellungen nennen eine Art, Texte zu kürzen, die nicht angeboten wird: %1. Es gilt die automatische; es gibt %2.</translation>
    </message>
    <message>
      <source>The settings cannot be saved in %1: %2.</source>
      <translation>Die Einstellungen lassen sich nicht in %1 speichern: %2.</translation>
    </message>
    <message>
      <source>%1 cannot be read.</source>
      <translation>%1 lässt sich nicht lesen.</translation>
    </message>
    <message>
      <source>Reading %1 was cancelled.</source>
      <translation>Das Lesen von %1 wurde abgebrochen.</translation>
    </message>
    <message>
      <source>%1 takes too long to read, so it was given up.</source>
      <translation>%1 zu lesen dauert zu lange, darum wurde es aufgegeben.</translation>
    </message>
    <message>
      <source>%1 holds too much text: %2 are the most.</source>
      <translation>%1 enthält zu viel Text: höchstens %2 gehen.</translation>
    </message>
    <message>
      <source>%1 is encrypted. Save it without its password, then attach it again.</source>
      <translation>%1 ist verschlüsselt. Speichern Sie es ohne Passwort und hängen Sie es dann noch einmal an.</translation>
    </message>
    <message>
      <source>%1 does not allow its text to be copied.</source>
      <translation>%1 erlaubt nicht, dass sein Text kopiert wird.</translation>
    </message>
    <message>
      <source>%1 needs too much memory to be read, so it was given up.</source>
      <translation>%1 zu lesen braucht zu viel Speicher, darum wurde es aufgegeben.</translation>
    </message>
    <message>
      <source>%1 is a broken PDF: no text can be read from it.</source>
      <translation>%1 ist ein beschädigtes PDF: es lässt sich kein Text daraus lesen.</translation>
    </message>
    <message>
      <source>There is no file %1.</source>
      <translation>Es gibt keine Datei %1.</translation>
    </message>
    <message>
      <source>%1 cannot be opened: %2.</source>
      <translation>%1 lässt sich nicht öffnen: %2.</translation>
    </message>
    <message>
      <source>%1 is a folder; attach its files one by one.</source>
      <translation>%1 ist ein Ordner; hängen Sie seine Dateien einzeln an.</translation>
    </message>
    <message>
      <source>%1 is not a file.</source>
      <translation>%1 ist keine Datei.</translation>
    </message>
    <message>
      <source>%1 is too large: %2 are the most for a %3</source>
      <translation>%1 ist zu groß: höchstens %2 gehen für %3</translation>
    </message>
    <message>
      <source>PDF.</source>
      <translation>ein PDF.</translation>
    </message>
    <message>
      <source>text.</source>
      <translation>einen Text.</translation>
    </message>
    <message>
      <source>%1 is no text: it is %2</source>
      <translation>%1 ist kein Text, sondern %2</translation>
    </message>
    <message>
      <source>%1 is no text.</source>
      <translation>%1 ist kein Text.</translation>
    </message>
    <message>
      <source>a document of an older office program.</source>
      <translation>ein Dokument eines älteren Büroprogramms.</translation>
    </message>
    <message>
      <source>a picture.</source>
      <translation>ein Bild.</translation>
    </message>
    <message>
      <source>a model.</source>
      <translation>ein Modell.</translation>
    </message>
    <message>
      <source>a program.</source>
      <translation>ein Programm.</translation>
    </message>
    <message>
      <source>a compressed file.</source>
      <translation>eine gepackte Datei.</translation>
    </message>
    <message>
      <source>a database.</source>
      <translation>eine Datenbank.</translation>
    </message>
    <message>
      <source>a sound or a film.</source>
      <translation>ein Ton oder ein Film.</translation>
    </message>
    <message>
      <source>a sound.</source>
      <translation>ein Ton.</translation>
    </message>
    <message>
      <source>a rich text file; save it as plain text.</source>
      <translation>eine RTF-Datei; speichern Sie sie als einfachen Text.</translation>
    </message>
    <message>
      <source>%1 is a PDF, and reading those needs the program pdftotext. It is in the package poppler-utils.</source>
      <translation>%1 ist ein PDF, und das Lesen braucht das Programm pdftotext. Es ist im Paket poppler-utils.</translation>
    </message>
    <message>
      <source>%1 holds no text: its pages are pictures, perhaps of a scanner. It needs text recognition first.</source>
      <translation>%1 enthält keinen Text: seine Seiten sind Bilder, vielleicht eines Scanners. Es braucht zuerst eine Texterkennung.</translation>
    </message>
    <message>
      <source>%1 could not be read: %2</source>
      <translation>%1 ließ sich nicht lesen: %2</translation>
    </message>
    <message>
      <source>Another program could not be begun.</source>
      <translation>Ein anderes Programm ließ sich nicht starten.</translation>
    </message>
    <message>
      <source>%1 is empty.</source>
      <translation>%1 ist leer.</translation>
    </message>
    <message>
      <source>%1 is not quite sound: a few characters could not be read.</source>
      <translation>%1 ist nicht ganz in Ordnung: einige Zeichen ließen sich nicht lesen.</translation>
    </message>
    <message>
      <source>%1 was read as %2.</source>
      <translation>%1 wurde als %2 gelesen.</translation>
    </message>
    <message>
      <source>The encoding of %1 cannot be told. Save it as UTF-8, then attach it again.</source>
      <translation>Die Zeichenkodierung von %1 ist nicht zu erkennen. Speichern Sie es als UTF-8 und hängen Sie es dann noch einmal an.</translation>
    </message>
    <message>
      <source>%1 is attached already.</source>
      <translation>%1 ist schon angehängt.</translation>
    </message>
    <message>
      <source>%1 is still being read.</source>
      <translation>%1 wird noch gelesen.</translation>
    </message>
    <message>
      <source>Remove it from the message, then send it.</source>
      <translation>Entfernen Sie es aus der Nachricht und senden Sie sie dann.</translation>
    </message>
    <message>
      <source>The message with %1 documents is too large: it needs %2 tokens, and the model's context holds %3.</source>
      <translation>Die Nachricht mit %1 Dokumenten ist zu groß: sie braucht %2 Token, und der Kontext des Modells fasst %3.</translation>
    </message>
    <message>
      <source>The message with %1 is too large: it needs %2 tokens, and the model's context holds %3.</source>
      <translation>Die Nachricht mit %1 ist zu groß: sie braucht %2 Token, und der Kontext des Modells fasst %3.</translation>
    </message>
    <message>
      <source>No way of reading it helps; load a model with a larger context, or remove it.</source>
      <translation>Keine Art, es zu lesen, hilft; laden Sie ein Modell mit größerem Kontext, oder entfernen Sie es.</translation>
    </message>
    <message>
      <source>Have the documents searched instead, or load the model with a larger context.</source>
      <translation>Lassen Sie die Dokumente durchsuchen, oder laden Sie das Modell mit größerem Kontext.</translation>
    </message>
    <message>
      <source>Have %1 searched instead, or load the model with a larger context.</source>
      <translation>Lassen Sie %1 durchsuchen, oder laden Sie das Modell mit größerem Kontext.</translation>
    </message>
    <message>
      <source>The compression was stopped.</source>
      <translation>Das Kürzen wurde angehalten.</translation>
    </message>
    <message>
      <source>A model must be loaded before a text can be made shorter for it.</source>
      <translation>Es muss ein Modell geladen sein, ehe ein Text dafür gekürzt werden kann.</translation>
    </message>
    <message>
      <source>The scoring model %1 cannot be used: %2</source>
      <translation>Das prüfende Modell %1 ist nicht brauchbar: %2</translation>
    </message>
    <message>
      <source>The model makes no vectors of texts in a way that is supported; it may be one that ranks.</source>
      <translation>Das Modell macht keine Vektoren aus Texten, jedenfalls auf keine unterstützte Weise; vielleicht ist es eines, das Rangfolgen bildet.</translation>
    </message>
    <message>
      <source>The embedding model %1 cannot be used: %2 Documents are searched by their words alone.</source>
      <translation>Das einbettende Modell %1 ist nicht brauchbar: %2 Dokumente werden allein nach ihren Wörtern durchsucht.</translation>
    </message>
    <message>
      <source>The oldest messages are being shortened for the model.</source>
      <translation>Die ältesten Nachrichten werden für das Modell gekürzt.</translation>
    </message>
    <message>
      <source>The model is reading the shortened conversation.</source>
      <translation>Das Modell liest das gekürzte Gespräch.</translation>
    </message>
    <message>
      <source>What the model has of the document is being shortened.</source>
      <translation>Was das Modell vom Dokument hat, wird gekürzt.</translation>
    </message>
    <message>
      <source>The document stays whole for the model: %1</source>
      <translation>Das Dokument bleibt für das Modell ganz: %1</translation>
    </message>
    <message>
      <source>What a model with sliding windows has read of a text cannot be shortened.</source>
      <translation>Was ein Modell mit gleitenden Fenstern von einem Text gelesen hat, lässt sich nicht kürzen.</translation>
    </message>
    <message>
      <source>The context has no room left to shorten this text in it.</source>
      <translation>Im Kontext ist kein Platz mehr, um diesen Text darin zu kürzen.</translation>
    </message>
    <message>
      <source>There is not enough memory for the shortened text beside the whole one.</source>
      <translation>Für den gekürzten Text neben dem ganzen reicht der Speicher nicht.</translation>
    </message>
    <message>
      <source>What the model had of documents went with it: they are read whole again.</source>
      <translation>Was das Modell von Dokumenten hatte, ging mit ihm: Sie werden wieder ganz gelesen.</translation>
    </message>
    <message>
      <source>Memory was short: the model reads the whole document again.</source>
      <translation>Der Speicher war knapp: Das Modell liest das Dokument wieder ganz.</translation>
    </message>
    <message>
      <source>The beginning of the conversation has changed: the model reads the whole document again.</source>
      <translation>Der Anfang des Gesprächs ist ein anderer: Das Modell liest das Dokument wieder ganz.</translation>
    </message>
    <message>
      <source>No model is loaded; nothing can be shortened for it.</source>
      <translation>Es ist kein Modell geladen; für keines kann etwas gekürzt werden.</translation>
    </message>
    <message>
      <source>There is nothing to shorten: the last two exchanges always stay whole.</source>
      <translation>Es gibt nichts zu kürzen: die letzten zwei Wortwechsel bleiben immer ganz.</translation>
    </message>
    <message>
      <source>The conversation was not shortened for the model: %1</source>
      <translation>Das Gespräch wurde nicht für das Modell gekürzt: %1</translation>
    </message>
    <message>
      <source>There is no room for the model to summarise the oldest messages.</source>
      <translation>Es ist kein Platz, damit das Modell die ältesten Nachrichten zusammenfasst.</translation>
    </message>
    <message>
      <source>There is no room for a shortened text of the oldest messages.</source>
      <translation>Es ist kein Platz für einen gekürzten Text der ältesten Nachrichten.</translation>
    </message>
    <message>
      <source>The oldest messages could not be shortened: %1</source>
      <translation>Die ältesten Nachrichten konnten nicht gekürzt werden: %1</translation>
    </message>
    <message>
      <source>The oldest messages were left out; what you said about how to answer and about yourself stays word for word.</source>
      <translation>Die ältesten Nachrichten wurden weggelassen; was Sie über die Art der Antworten und über sich selbst sagten, bleibt Wort für Wort.</translation>
    </message>
    <message>
      <source>Shortening was cancelled.</source>
      <translation>Das Kürzen wurde abgebrochen.</translation>
    </message>
    <message>
      <source>The full text has %1 tokens and does not fit: the context has room for %2. It stays shortened for the model.</source>
      <translation>Der volle Text hat %1 Token und passt nicht: der Kontext hat Platz für %2. Er bleibt für das Modell gekürzt.</translation>
    </message>
    <message>
      <source>The shortened text is gone.</source>
      <translation>Der gekürzte Text ist fort.</translation>
    </message>
    <message>
      <source>The model wrote no summary.</source>
      <translation>Das Modell schrieb keine Zusammenfassung.</translation>
    </message>
    <message>
      <source>The model did not summarise the conversation.</source>
      <translation>Das Modell fasste das Gespräch nicht zusammen.</translation>
    </message>
    <message>
      <source>The model's summary repeated itself.</source>
      <translation>Die Zusammenfassung des Modells wiederholte sich.</translation>
    </message>
    <message>
      <source>The model's summary was not shorter than the text.</source>
      <translation>Die Zusammenfassung des Modells war nicht kürzer als der Text.</translation>
    </message>
    <message>
      <source>No folder for it was chosen.</source>
      <translation>Dafür wurde kein Ordner gewählt.</translation>
    </message>
    <message>
      <source>The cache folder cannot be read, so nothing is kept on the disk.</source>
      <translation>Der Cache-Ordner lässt sich nicht lesen; darum bleibt nichts auf der Platte.</translation>
    </message>
    <message>
      <source>The cache folder holds something else, so nothing is kept on the disk.</source>
      <translation>Im Cache-Ordner liegt etwas anderes; darum bleibt nichts auf der Platte.</translation>
    </message>
    <message>
      <source>The cache folder was written by a newer version of Tendril; it is left untouched, and nothing is kept on the disk.</source>
      <translation>Der Cache-Ordner stammt von einer neueren Fassung von Tendril; er bleibt unberührt, und nichts kommt auf die Platte.</translation>
    </message>
    <message>
      <source>The cache folder cannot be written, so nothing is kept on the disk.</source>
      <translation>Der Cache-Ordner lässt sich nicht beschreiben; darum bleibt nichts auf der Platte.</translation>
    </message>
    <message>
      <source>The cache folder cannot be used, so nothing is kept on the disk.</source>
      <translation>Der Cache-Ordner lässt sich nicht benutzen; darum bleibt nichts auf der Platte.</translation>
    </message>
    <message>
      <source>The disk cache is too small for what is in use, so not all of it is kept.</source>
      <translation>Der Zwischenspeicher auf der Platte ist zu klein für das, was gebraucht wird; nicht alles wird behalten.</translation>
    </message>
    <message>
      <source>Code is written in one piece.</source>
      <translation>Code wird in einem Stück geschrieben.</translation>
    </message>
    <message>
      <source>A calculation needs each step before the next.</source>
      <translation>Eine Rechnung braucht jeden Schritt vor dem nächsten.</translation>
    </message>
    <message>
      <source>What is to be derived step by step is written in order.</source>
      <translation>Was Schritt für Schritt herzuleiten ist, wird der Reihe nach geschrieben.</translation>
    </message>
    <message>
      <source>A translation follows its original.</source>
      <translation>Eine Übersetzung folgt ihrer Vorlage.</translation>
    </message>
    <message>
      <source>The answer is a new form of a given text.</source>
      <translation>Die Antwort ist eine neue Form eines gegebenen Textes.</translation>
    </message>
    <message>
      <source>A story or a poem is one piece.</source>
      <translation>Eine Geschichte oder ein Gedicht ist ein Stück.</translation>
    </message>
    <message>
      <source>A letter or an article is one piece.</source>
      <translation>Ein Brief oder ein Artikel ist ein Stück.</translation>
    </message>
    <message>
      <source>The question asks for a given format.</source>
      <translation>Die Frage verlangt ein bestimmtes Format.</translation>
    </message>
    <message>
      <source>The question asks for a short answer.</source>
      <translation>Die Frage verlangt eine kurze Antwort.</translation>
    </message>
    <message>
      <source>The answer is a single fact.</source>
      <translation>Die Antwort ist eine einzelne Tatsache.</translation>
    </message>
    <message>
      <source>The question builds on the answer before it.</source>
      <translation>Die Frage baut auf der Antwort davor auf.</translation>
    </message>
    <message>
      <source>The question comes with an attachment.</source>
      <translation>Die Frage kommt mit einem Anhang.</translation>
    </message>
    <message>
      <source>The model thinks before it answers.</source>
      <translation>Das Modell denkt nach, bevor es antwortet.</translation>
    </message>
    <message>
      <source>The model may call tools.</source>
      <translation>Das Modell darf Werkzeuge aufrufen.</translation>
    </message>
    <message>
      <source>The question is too short for a long answer.</source>
      <translation>Die Frage ist zu kurz für eine lange Antwort.</translation>
    </message>
    <message>
      <source>The question brings a long text of its own.</source>
      <translation>Die Frage bringt selbst einen langen Text mit.</translation>
    </message>
    <message>
      <source>The model sees no independent points in the answer.</source>
      <translation>Das Modell sieht in der Antwort keine unabhängigen Punkte.</translation>
    </message>
    <message>
      <source>Writing the points together would hardly be faster here.</source>
      <translation>Die Punkte zusammen zu schreiben, wäre hier kaum schneller.</translation>
    </message>
    <message>
      <source>The outline has too few points.</source>
      <translation>Die Gliederung hat zu wenige Punkte.</translation>
    </message>
    <message>
      <source>The outline repeats itself.</source>
      <translation>Die Gliederung wiederholt sich.</translation>
    </message>
    <message>
      <source>The outline has unfinished titles.</source>
      <translation>Die Gliederung hat unfertige Titel.</translation>
    </message>
    <message>
      <source>The outline says nothing.</source>
      <translation>Die Gliederung sagt nichts aus.</translation>
    </message>
    <message>
      <source>The points repeat each other.</source>
      <translation>Die Punkte wiederholen einander.</translation>
    </message>
    <message>
      <source>Answers grow in one piece in this conversation.</source>
      <translation>In diesem Gespräch wachsen Antworten in einem Stück.</translation>
    </message>
    <message>
      <source>Answers grow in points in this conversation.</source>
      <translation>In diesem Gespräch wachsen Antworten in Punkten.</translation>
    </message>
    <message>
      <source>The answer has independent points.</source>
      <translation>Die Antwort hat unabhängige Punkte.</translation>
    </message>
    <message>
      <source>The conversation leaves too little room for this.</source>
      <translation>Das Gespräch lässt dafür zu wenig Platz.</translation>
    </message>
    <message>
      <source>The model's template rewrites earlier turns.</source>
      <translation>Die Vorlage des Modells schreibt frühere Beiträge um.</translation>
    </message>
    <message>
      <source>The answer was stopped.</source>
      <translation>Die Antwort wurde angehalten.</translation>
    </message>
    <message>
      <source>A chain of causes is told in order.</source>
      <translation>Eine Kette von Ursachen wird der Reihe nach erzählt.</translation>
    </message>
    <message>
      <source>Steps follow each other.</source>
      <translation>Schritte folgen aufeinander.</translation>
    </message>
    <message>
      <source>A remark gets a plain reply.</source>
      <translation>Eine Bemerkung bekommt eine schlichte Antwort.</translation>
    </message>
    <message>
      <source>The question asks for one judgement.</source>
      <translation>Die Frage verlangt ein einziges Urteil.</translation>
    </message>
    <message>
      <source>This model cannot tell which form suits an answer.</source>
      <translation>Dieses Modell kann nicht sagen, welche Form zu einer Antwort passt.</translation>
    </message>
    <message>
      <source>The limit of the answer's length leaves too little for several points.</source>
      <translation>Die Grenze für die Länge der Antwort lässt zu wenig für mehrere Punkte.</translation>
    </message>
    <message>
      <source>The model could not be asked for the form of its answer.</source>
      <translation>Das Modell konnte nicht nach der Form seiner Antwort gefragt werden.</translation>
    </message>
  </context>
  <context>
    <name>tendril::app::Text</name>
    <message>
      <source>%1 ms</source>
      <translation>%1 ms</translation>
    </message>
    <message>
      <source>%1 s</source>
      <translation>%1 s</translation>
    </message>
    <message>
      <source>read %1 new token, %2 reused</source>
      <translation>%1 neues Token gelesen, %2 wiederverwendet</translation>
    </message>
    <message>
      <source>read %1 new tokens, %2 reused</source>
      <translation>%1 neue Token gelesen, %2 wiederverwendet</translation>
    </message>
    <message>
      <source>, first token after %1</source>
      <translation>, erstes Token nach %1</translation>
    </message>
    <message>
      <source> · %1 tokens/s</source>
      <translation> · %1 Token/s</translation>
    </message>
    <message>
      <source>New conversation</source>
      <translation>Neues Gespräch</translation>
    </message>
  </context>
</TS>
