// SPDX-License-Identifier: Apache-2.0
// A conversation with every kind of block and state, for the demo and for tests.
#pragma once

#include <QVector>

#include "app/chat_types.h"

namespace tendril::ui {

inline app::MessageItem message(qint64 id, app::MessageRole role, const QString& text,
                                app::MessageState state = app::MessageState::complete) {
    app::MessageItem item;
    item.id = id;
    item.role = role;
    item.text = text;
    item.state = state;
    return item;
}

inline QVector<app::MessageItem> sampleConversation() {
    using app::MessageRole;
    using app::MessageState;
    QVector<app::MessageItem> out;
    out.append(message(1, MessageRole::user,
                       QStringLiteral("Which sorting algorithm should I use for nearly sorted data?")));
    out.last().leftOut = true;
    out.append(message(
        2, MessageRole::assistant,
        QStringLiteral(
            R"(For *nearly sorted* data, **insertion sort** is hard to beat: it runs in `O(n + d)`, where `d` is the number of inversions. See [the article on insertion sort](https://en.wikipedia.org/wiki/Insertion_sort) for the proof.

## How it works

1. Take the next element.
2. Move every larger element before it one place to the right.
   - Nothing moves when the element is already in place.
   - That is why nearly sorted input is cheap.
3. Put the element into the gap.

```python
def insertion_sort(items: list[int]) -> list[int]:
    """Sort in place; fast when the input is nearly sorted."""
    for i in range(1, len(items)):
        current, j = items[i], i - 1
        while j >= 0 and items[j] > current:  # move larger ones up
            items[j + 1] = items[j]
            j -= 1
        items[j + 1] = current
    return items
```

> Premature optimisation is the root of all evil.
>
> Measure first, with *your* data.

### How it compares

| Algorithm | Best | Average | Stable | Remarks |
|:----------|:----:|--------:|:------:|---------|
| Insertion sort | `n` | n² | yes | best for short or nearly sorted input |
| Merge sort | n log n | n log n | yes | needs memory for a copy |
| Quicksort | n log n | n log n | no | the pivot decides; `introsort` guards the worst case |

---

- [x] Explain the idea
- [ ] Benchmark it on your data
)")));
    out.last().footer = QStringLiteral(
        "read 212 new tokens, 3,104 reused, first token after 80 ms · 41.2 tokens/s · SmolLM2");
    out.last().version = 2;
    out.last().versions = 3;
    out.append(message(
        3, MessageRole::user,
        QStringLiteral("Thanks! And in C++, please:\n\n```cpp\nvoid sort(std::vector<int>& v);\n```")));
    out.append(
        message(4, MessageRole::assistant,
                QStringLiteral(
                    "Here is a version that moves whole runs, with a line that is far too long for the "
                    "column:\n\n```cpp\n#include <algorithm>\n#include <vector>\n\n// Rotates the run into "
                    "its place; "
                    "upper_bound keeps equal elements in order.\nvoid sort(std::vector<int>& v) {\n    for "
                    "(auto it = "
                    "v.begin(); it != v.end(); ++it) {\n        std::rotate(std::upper_bound(v.begin(), it, "
                    "*it), it, "
                    "std::next(it));\n    }\n}\n```\n\nIt costs $0 and \\(O(n^2)\\) in the worst case; the "),
                MessageState::interrupted));
    out.last().footer = QStringLiteral("read 48 new tokens, 3,316 reused · 40.8 tokens/s · SmolLM2");
    out.append(message(5, MessageRole::user, QStringLiteral("Sort this 90 GB file.")));
    out.append(message(6, MessageRole::assistant, QString(), MessageState::failed));
    out.last().error = QStringLiteral(
        "The context is full: the message needs 9,120 tokens and the model has room for 8,192. Shorten it, "
        "or "
        "choose a larger context in the settings.");
    out.append(message(7, MessageRole::user, QStringLiteral("Then just tell me how long it would take.")));
    out.append(message(8, MessageRole::assistant,
                       QStringLiteral("With an external merge sort, roughly the time it takes to read and "
                                      "write the file twice. On a disk with 500 MB/s that is"),
                       MessageState::streaming));
    return out;
}

}  // namespace tendril::ui
