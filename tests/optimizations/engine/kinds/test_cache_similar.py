import pytest

from optimizations.engine.domain.settings import PolicySettings
from optimizations.engine.domain.task import Task
from optimizations.engine.kinds.cache_similar import CacheSimilar
from optimizations.engine.policy import PolicyEngine
from tests.optimizations.engine.caches import run

ON = PolicySettings(cache_similar=True)


def key(text: str, level: str = "content", system: str = "Be kind.", **parameters: float) -> str:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    task = Task("m", {"messages": messages}, "t", dict(parameters))
    return CacheSimilar().keys(task)[level]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where is  my order?", "where is my ORDER"),
        ("Where is my order", "Where is my order.!"),
        ("Is it open? Yes.", "is it open? yes"),
        ("  (My card is lost)", "My card is lost"),
        ("I can’t pay", "I can't pay"),
    ],
)
def test_case_spacing_and_punctuation_do_not_matter(one: str, other: str) -> None:
    assert key(one, "normal") == key(other, "normal")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hello, please block the card", "Block card"),
        ("Where is my order? Thanks!", "Where is my order?"),
        ("I want to order a new card, please.", "I want to order new card"),
    ],
)
def test_articles_and_courtesies_do_not_matter_to_the_content(one: str, other: str) -> None:
    assert key(one) == key(other)


PAIRS = {
    "negation": [
        ("My PIN is blocked", "My PIN is not blocked"),
        ("I can pay", "I can't pay"),
        ("Is it with sugar?", "Is it without sugar?"),
        ("I have few questions", "I have a few questions"),
        ("Did it ever arrive?", "Did it never arrive?"),
    ],
    "number": [
        ("Send 50 euros", "Send 500 euros"),
        ("Send 5.0 euros", "Send 50 euros"),
        ("Send 1,000 units", "Send 1.000 units"),
        ("-5 degrees outside", "5 degrees outside"),
        ("What is 5!?", "What is 5?"),
        ("Solve 3 - 5 for me", "Solve 3 5 for me"),
        ("Raise it to 10²", "Raise it to 102"),
    ],
    "unit": [
        ("Send 50 euros", "Send 50 pounds"),
        ("Send $50", "Send €50"),
        ("A drop of 5 %", "A drop of 5"),
        ("How long is 5 MB", "How long is 5 mb"),
        ("Convert 20 mW", "Convert 20 MW"),
        ("What does a kB cost", "What does a KB cost"),
    ],
    "date": [
        ("Due on 2026-01-02", "Due on 2026-02-01"),
        ("Due on 01/02", "Due on 02/01"),
        ("Is it due on Monday?", "Is it due on Tuesday?"),
        ("Closed in May", "Closed in March"),
    ],
    "entity": [
        ("Send it to Ana", "Send it to Bob"),
        ("Learn C++ fast", "Learn C# fast"),
        ("Write to a.b@x.org", "Write to b@x.org"),
        ("Is vitamin A healthy", "Is vitamin healthy"),
        ("is vitamin a healthy", "is vitamin healthy"),
        ("Ship it to the US", "Ship it to us"),
        ("Install .NET here", "Install NET here"),
        ("Open foo_bar again", "Open foo bar again"),
    ],
    "matter": [
        ("How do you say thanks", "How do you say please"),
        ('Translate "the dog"', 'Translate "a dog"'),
        ("Translate to French: hello", "Translate to French: hi"),
        ("Is hello polite", "Is polite"),
        ("if a:\n  b()\nc()", "if a:\n  b()\n  c()"),
    ],
}


@pytest.mark.parametrize("pair", [p for pairs in PAIRS.values() for p in pairs], ids=" / ".join)
def test_what_changes_the_answer_changes_every_key(pair: tuple[str, str]) -> None:
    assert all(key(pair[0], level) != key(pair[1], level) for level in ("normal", "content"))


def test_another_system_prompt_or_parameter_is_another_request() -> None:
    assert key("Hi there") != key("Hi there", system="Be brief.")
    assert key("Hi there") != key("Hi there", temperature=0.5)


@pytest.mark.parametrize("text", ["", " ", "?", "the", "please", "\n", "Hi", "\x00", "…!?"])
def test_no_text_is_too_odd_for_a_key(text: str) -> None:
    CacheSimilar().keys(Task("m", text, "t"))


def test_similar_requests_are_served_only_when_that_was_chosen() -> None:
    for similar in (False, True):
        policy = PolicyEngine(PolicySettings(cache_similar=similar))
        nearly_repeating(policy, 800)
        again = [
            run(policy, n, f"QUESTION {n - 900}", f"Answer {n - 900}") for n in range(900, 905)
        ]
        assert any(d.served_from_cache for d in again) == similar


def nearly_repeating(policy: PolicyEngine, requests: int) -> None:
    """Forty questions; each time spelled another way."""
    for n in range(requests):
        marks = "?" * (n // 40 % 20) + "!" * (n // 40 % 7)
        run(policy, n, f"Question {n % 40}{marks and ' ' + marks}", f"Answer {n % 40}")


def test_switching_it_off_ends_it_at_once_and_on_again_resumes_it() -> None:
    policy = PolicyEngine(ON)
    nearly_repeating(policy, 800)
    ask = [f"QUESTION {n}" for n in range(10)]
    assert any(run(policy, 900 + n, t, "").served_from_cache for n, t in enumerate(ask))
    policy.configure(PolicySettings())
    assert not any(run(policy, 950 + n, t, "").served_from_cache for n, t in enumerate(ask))
    policy.review(6e4)
    state = next(s for s in policy.optimizations.values() if s.kind == "cache_similar")
    assert (state.status, state.transitions[-1].reason) == ("suspended", "switched_off")
    policy.configure(ON)
    policy.review(6e4)
    assert state.status in ("shadow", "active")


def test_exact_repeats_do_not_flatter_the_rate_of_near_ones() -> None:
    """Every near repeat is wrong, nine of ten repeats are exact and right."""
    policy = PolicyEngine(ON)
    served = []
    for n in range(2000):
        near = n % 10 == 0
        text = f"Question {n % 40}" + (" ?" * (n // 40 + 1) if near else "")
        decision = run(policy, n, text, f"Wrong {n}" if near else f"Answer {n % 40}")
        served += [decision.applied[0].type] if decision.served_from_cache else []
    assert "cache_similar" not in served


def test_a_judge_that_likes_everything_does_not_hide_what_the_audits_find() -> None:
    policy = PolicyEngine(ON)
    nearly_repeating(policy, 800)
    for n in range(3000):
        text = f"Question {n % 40}" + "?" * (n // 40 + 2) + "."
        run(policy, 1000 + n, text, f"Changed {n // 40}", told=True)
    state = next(s for s in policy.optimizations.values() if s.kind == "cache_similar")
    assert state.status == "suspended"
