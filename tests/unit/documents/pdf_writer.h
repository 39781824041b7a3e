// SPDX-License-Identifier: Apache-2.0
// Writes small PDFs for tests: pages of lines in Helvetica, and the parts to make hostile ones of. Test
// thread.
#pragma once

#include <QByteArray>
#include <QList>
#include <QStringList>

namespace tendril::test {

/// Numbered objects from 1 on, put into a file with its table; the first one is the catalogue.
inline QByteArray pdf_of(const QList<QByteArray>& objects, const QByteArray& trailer = {}) {
    QByteArray file = "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n";
    QByteArray table = "xref\n0 " + QByteArray::number(objects.size() + 1) + "\n0000000000 65535 f \n";
    for (int i = 0; i < objects.size(); ++i) {
        table += QByteArray::number(file.size()).rightJustified(10, '0') + " 00000 n \n";
        file += QByteArray::number(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
    }
    const auto at = QByteArray::number(file.size());
    return file + table + "trailer\n<< /Size " + QByteArray::number(objects.size() + 1) + " /Root 1 0 R " +
           trailer + " >>\nstartxref\n" + at + "\n%%EOF\n";
}

inline QByteArray pdf_stream(const QByteArray& content, const QByteArray& filter = {}) {
    return "<< /Length " + QByteArray::number(content.size()) + filter + " >>\nstream\n" + content +
           "\nendstream";
}

/// Lines of Latin-1 text (no brackets) as a page draws them.
inline QByteArray pdf_lines(const QStringList& lines) {
    QByteArray content = "BT /F1 11 Tf 60 780 Td 14 TL\n";
    for (const QString& line : lines) {
        content += "(" + line.toLatin1() + ") Tj T*\n";
    }
    return content + "ET";
}

/// A whole PDF of these pages. `repeat`: how many pages draw each of the contents.
inline QByteArray pdf_with_pages(const QList<QByteArray>& contents, int repeat = 1,
                                 const QByteArray& trailer = {}, const QByteArray& more = {}) {
    QList<QByteArray> objects = {
        "<< /Type /Catalog /Pages 2 0 R >>", {}, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"};
    QByteArray kids;
    for (const QByteArray& content : contents) {
        objects += content;
        const auto drawn = QByteArray::number(objects.size());
        for (int i = 0; i < repeat; ++i) {
            objects += "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents " + drawn +
                       " 0 R /Resources << /Font << /F1 3 0 R >> >> >>";
            kids += QByteArray::number(objects.size()) + " 0 R ";
        }
    }
    objects[1] =
        "<< /Type /Pages /Kids [" + kids + "] /Count " + QByteArray::number(contents.size() * repeat) + " >>";
    if (!more.isEmpty()) {
        objects += more;
    }
    return pdf_of(objects, trailer);
}

inline QByteArray pdf_with_text(const QStringList& lines) {
    return pdf_with_pages({pdf_stream(pdf_lines(lines))});
}

}  // namespace tendril::test
