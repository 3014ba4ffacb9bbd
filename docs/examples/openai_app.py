"""Answers a few questions with OpenAI's package. Remembered by one line: the one with `wrap`.

Server and key come from FEATURE_MEMORY_URL and FEATURE_MEMORY_KEY; without them nothing is recorded,
and nothing else changes.
"""

import featurememory_client as fm
from openai import OpenAI

client = fm.wrap(OpenAI())

for number in (1001, 1002, 1003, 1004):
    answer = client.chat.completions.create(
        model="gpt-5-mini",
        messages=[{"role": "user", "content": f"Where is my order {number}?"}],
    )
    print(number, answer.choices[0].message.content)
