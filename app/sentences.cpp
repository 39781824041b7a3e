// SPDX-License-Identifier: Apache-2.0
// Known sentences, and how they are found again in what was said. GUI thread; pure functions.
#include "app/sentences.h"

#include <iterator>
#include <optional>

#include <QCoreApplication>
#include <QStringList>

namespace tendril::app {
namespace {

constexpr const char* kContext = "tendril::app::Sentences";

constexpr const char* kSentences[] = {
    // The model
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 threads (no CUDA plugin)"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 thread (no CUDA plugin)"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 threads (%3)"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 thread (%3)"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA, %1: %2 layers; CPU, %3, %4 threads: %5 layers (%6)"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA, %1: %2 layers; CPU, %3, %4 threads: %5 layers"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA, %1: %2 layers; CUDA, %3: %4 layers"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 threads"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CPU, %1, %2 thread"),
    // Why the graphics card is not used
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "no CUDA plugin"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the plugin cannot be loaded"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the plugin is of another version"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: no NVIDIA driver"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the driver is too old"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the graphics card does not answer"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: CUDA_VISIBLE_DEVICES hides the graphics card"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: no graphics card"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the graphics card cannot be used"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: too little graphics memory"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "CUDA: the graphics card stopped working"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The CUDA plugin cannot be loaded, so the graphics card cannot be used. Choose the CPU "
                      "or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The CUDA plugin is of another version than the program; install the one that belongs "
                      "to it, or choose the CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "No driver for NVIDIA graphics cards is installed, so CUDA cannot be used. Choose the "
                      "CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The graphics driver is too old for the CUDA plugin: it knows CUDA %1, and %2 is "
                      "needed. Update it, or choose the CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The environment variable CUDA_VISIBLE_DEVICES hides all graphics cards. Unset it, or "
                      "choose the CPU or automatic."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "No NVIDIA graphics card was found, so CUDA cannot be used. Choose the CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The graphics card has only %1 MB of free memory, which is too little for a model. "
                      "Close other programs, or choose the CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The graphics card has too little free memory. Choose a smaller model or context, "
                      "close other programs, or use the CPU."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The graphics card stopped working while %1. The model is opened again on the CPU; ask once more."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The graphics card has too little free memory. Choose a smaller model or context, close other "
        "programs, or use the CPU. The model is opened again on the CPU; ask once more."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The graphics card stopped working while %1."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The graphics memory has room for %1 of the model's %2 layers; the CPU computes the "
                      "others, which is slower."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "No single graphics card has room for the model; its layers lie on %1 cards."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The graphics card gave less memory than it had said was free; the model was opened "
                      "with less of it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The system gave no memory that the graphics card can copy from, so what the card has "
                      "no room for is kept on the disk only."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "There is no file %1 at this place."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "You have no permission to read %1."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The file %1 could not be opened: %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is a folder, not a model file."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is not a regular file."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The file is empty."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The file is not a GGUF model: it does not begin with the letters GGUF."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model could not be loaded: %1"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "No model is loaded. Choose one, then try again."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "This build has no CUDA plugin, so it cannot use a graphics card. Choose the CPU or automatic."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "This model brings no chat template; the conversation is given to it as ChatML."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "This model knows no system prompt; its text stands in front of the first message."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model's chat template cannot be read: %1"),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "Tendril ended unexpectedly while it was loading %1. No model was loaded by itself this time; choose "
        "one to go on."),
    // Answers
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The answer reached the limit of %1 tokens."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The context of %1 tokens is full."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The conversation does not fit into the model's context of %1 tokens."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The system prompt and the last message have %1 tokens; the context has room for %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "This message cannot be continued now."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "This message answers nothing, so it cannot be answered again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The message could not be sent: no conversation can be made."),
    // The disk
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "All answers are saved now."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "There is room on the disk again; your message is saved."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "Your message is kept here and sent as soon as it can be saved."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "What was written here is kept in memory and tried again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The conversations of this session are kept in %1 only."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The conversations are open for reading only."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "%1 cannot be written. The conversations can be read, but nothing new is saved."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The settings in %1 cannot be read; the defaults are used. The old file is kept as %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The settings name a way of shortening texts that is not offered: %1. The automatic "
                      "one is used; there are %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The settings cannot be saved in %1: %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 cannot be read."),
    // Documents
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Reading %1 was cancelled."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 takes too long to read, so it was given up."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 holds too much text: %2 are the most."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "%1 is encrypted. Save it without its password, then attach it again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 does not allow its text to be copied."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 needs too much memory to be read, so it was given up."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is a broken PDF: no text can be read from it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "There is no file %1."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 cannot be opened: %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is a folder; attach its files one by one."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is not a file."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is too large: %2 are the most for a %3"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "PDF."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "text."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is no text: it is %2"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is no text."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a document of an older office program."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a picture."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a model."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a program."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a compressed file."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a database."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a sound or a film."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a sound."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "a rich text file; save it as plain text."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "%1 is a PDF, and reading those needs the program pdftotext. It is in the package poppler-utils."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "%1 holds no text: its pages are pictures, perhaps of a scanner. It needs text recognition first."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 could not be read: %2"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Another program could not be begun."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is empty."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "%1 is not quite sound: a few characters could not be read."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 was read as %2."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The encoding of %1 cannot be told. Save it as UTF-8, then attach it again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is attached already."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "%1 is still being read."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Remove it from the message, then send it."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The message with %1 documents is too large: it needs %2 tokens, and the model's context holds %3."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The message with %1 is too large: it needs %2 tokens, and the model's context holds %3."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "No way of reading it helps; load a model with a larger context, or remove it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "Have the documents searched instead, or load the model with a larger context."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "Have %1 searched instead, or load the model with a larger context."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The compression was stopped."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "A model must be loaded before a text can be made shorter for it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The scoring model %1 cannot be used: %2"),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The model makes no vectors of texts in a way that is supported; it may be one that ranks."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The embedding model %1 cannot be used: %2 Documents are searched by their words alone."),
    // The model's memory
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The oldest messages are being shortened for the model."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model is reading the shortened conversation."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "What the model has of the document is being shortened."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The document stays whole for the model: %1"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "What a model with sliding windows has read of a text cannot be shortened."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The context has no room left to shorten this text in it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "There is not enough memory for the shortened text beside the whole one."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "What the model had of documents went with it: they are read whole again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "Memory was short: the model reads the whole document again."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The beginning of the conversation has changed: the model reads the whole document again."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "No model is loaded; nothing can be shortened for it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "There is nothing to shorten: the last two exchanges always stay whole."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The conversation was not shortened for the model: %1"),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "There is no room for the model to summarise the oldest messages."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "There is no room for a shortened text of the oldest messages."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The oldest messages could not be shortened: %1"),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The oldest messages were left out; what you said about how to answer and about yourself stays word "
        "for word."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Shortening was cancelled."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The full text has %1 tokens and does not fit: the context has room for %2. It stays "
                      "shortened for the model."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The shortened text is gone."),
    // Why there is no summary; resources/prompts/memory.json
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model wrote no summary."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model did not summarise the conversation."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model's summary repeated itself."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model's summary was not shorter than the text."),
    // The cache
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "No folder for it was chosen."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The cache folder cannot be read, so nothing is kept on the disk."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The cache folder holds something else, so nothing is kept on the disk."),
    QT_TRANSLATE_NOOP(
        "tendril::app::Sentences",
        "The cache folder was written by a newer version of Tendril; it is left untouched, and nothing is "
        "kept on the disk."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The cache folder cannot be written, so nothing is kept on the disk."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The cache folder cannot be used, so nothing is kept on the disk."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The disk cache is too small for what is in use, so not all of it is kept."),
    // Why an answer is written as it is; resources/prompts/skeleton.json
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Code is written in one piece."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A calculation needs each step before the next."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "What is to be derived step by step is written in order."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A translation follows its original."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The answer is a new form of a given text."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A story or a poem is one piece."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A letter or an article is one piece."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question asks for a given format."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question asks for a short answer."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The answer is a single fact."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question builds on the answer before it."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question comes with an attachment."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model thinks before it answers."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model may call tools."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question is too short for a long answer."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question brings a long text of its own."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model sees no independent points in the answer."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Writing the points together would hardly be faster here."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The outline has too few points."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The outline repeats itself."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The outline has unfinished titles."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The outline says nothing."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The points repeat each other."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Answers grow in one piece in this conversation."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Answers grow in points in this conversation."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The answer has independent points."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The conversation leaves too little room for this."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model's template rewrites earlier turns."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The answer was stopped."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A chain of causes is told in order."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "Steps follow each other."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "A remark gets a plain reply."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The question asks for one judgement."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "This model cannot tell which form suits an answer."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences",
                      "The limit of the answer's length leaves too little for several points."),
    QT_TRANSLATE_NOOP("tendril::app::Sentences", "The model could not be asked for the form of its answer."),
};

/// What `pattern` quotes in `said`, in the order of its numbers; nothing when `said` is another sentence.
std::optional<QStringList> quoted(const QString& pattern, const QString& said) {
    QStringList found;
    qsizetype at = 0;
    qsizetype from = 0;
    for (int number = 1;; ++number) {
        const QString mark = QStringLiteral("%%1").arg(number);
        const qsizetype next = pattern.indexOf(mark, from);
        const QString literal = pattern.mid(from, next < 0 ? -1 : next - from);
        if (next < 0) {  // the last piece stands at the end
            const bool fits = said.endsWith(literal) && said.size() - literal.size() >= at &&
                              (number > 1 || said == literal);
            if (!fits) {
                return std::nullopt;
            }
            if (number > 1) {
                found << said.mid(at, said.size() - literal.size() - at);
            }
            return found;
        }
        const qsizetype place = number == 1 ? (said.startsWith(literal) ? 0 : -1) : said.indexOf(literal, at);
        if (place < 0) {
            return std::nullopt;
        }
        if (number > 1) {
            found << said.mid(at, place - at);
        }
        at = place + literal.size();
        from = next + mark.size();
    }
}

/// What is quoted may be a sentence, or a note on the device, of its own.
bool stands_alone(const QString& quoted) {
    return quoted.endsWith(u'.') || quoted.startsWith(QLatin1String("CUDA: "));
}

std::optional<QString> whole(const QString& said) {
    for (const char* sentence : kSentences) {
        if (const auto parts = quoted(QString::fromUtf8(sentence), said)) {
            QString text = QCoreApplication::translate(kContext, sentence);
            for (qsizetype i = parts->size();
                 i-- > 0;) {  // from behind: %1 must not be found in what %2 quotes
                const QString inner = (*parts)[i];
                text.replace(QStringLiteral("%%1").arg(i + 1),
                             stands_alone(inner) ? whole(inner).value_or(inner) : inner);
            }
            return text;
        }
    }
    return std::nullopt;
}

/// Several sentences: each that is known by itself.
QString piecewise(const QString& said) {
    if (const auto text = whole(said)) {
        return *text;
    }
    for (qsizetype end = said.indexOf(QLatin1String(". ")); end >= 0;
         end = said.indexOf(QLatin1String(". "), end + 1)) {
        const QString rest = said.mid(end + 2);
        const auto first = whole(said.left(end + 1));
        const auto second = whole(rest);
        if (first || second) {
            return first.value_or(said.left(end + 1)) + u' ' + (second ? *second : piecewise(rest));
        }
    }
    return said;
}

}  // namespace

QString in_their_language(const std::string& english) {
    return piecewise(QString::fromStdString(english));
}

QStringList known_sentences() {
    QStringList all;
    for (const char* sentence : kSentences) {
        all << QString::fromUtf8(sentence);
    }
    return all;
}

}  // namespace tendril::app
