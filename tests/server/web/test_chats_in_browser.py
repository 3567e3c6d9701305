import pytest
from playwright.sync_api import expect

from luthier.domain.chats import Exchange, How, KeptAnswer
from luthier.store import Store
from luthier.workspace import Workspace
from tests.builders import a_moment
from tests.server.web.visiting import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def kept(workspace: Workspace, store: Store) -> str:
    """A chat in which two models answered one question."""
    chat = workspace.chats.begin()
    answers = tuple(
        KeptAnswer(
            answer_id=f"{chat.chat_id}.1.{column + 1}",
            column=column,
            target="starter",
            label=label,
            text=f"<b>{label}</b> says two",
            at=a_moment(),
            tokens=3,
        )
        for column, label in enumerate(("orders@0.1.0", "starter"))
    )
    exchange = Exchange(question="How many <i>pegs</i>?", how=How(system="Be brief."), answers=answers)
    with store.writing() as tx:
        tx.chats.save(chat.model_copy(update={"exchanges": (exchange,)}))
    return chat.chat_id


def test_an_answer_is_voted_on_corrected_and_sent_where_it_stands(
    visitor: Visitor, workspace: Workspace, kept: str
) -> None:
    page = visitor.page
    visitor.open("/chats?words=pegs")
    page.get_by_role("link", name="How many <i>pegs</i>?").click()
    page.wait_for_url("**/chats/chat_*")  # until it is loaded, a click means nothing
    answer = page.get_by_role("article", name="Answer of orders@0.1.0")
    expect(answer).to_contain_text("<b>orders@0.1.0</b> says two")
    good = answer.get_by_role("button", name="Good answer", exact=True)
    good.click()
    expect(good).to_have_attribute("aria-pressed", "true")
    answer.get_by_role("button", name="Correct", exact=True).click()
    field = answer.get_by_label("What it should have said")
    expect(field).to_have_value("<b>orders@0.1.0</b> says two")
    field.fill("Three.")
    answer.get_by_role("button", name="Keep the correction").click()
    expect(answer.locator("[data-correction]")).to_have_text("Three.")
    answer.get_by_role("button", name="Send to dataset").click()
    answer.get_by_label("Dataset, or a name for a new one").fill("good/answers")
    page.keyboard.press("Enter")
    expect(answer.locator("[data-judged]")).to_contain_text("cannot be called")
    answer.get_by_label("Dataset, or a name for a new one").fill("good-answers")
    page.keyboard.press("Enter")
    expect(answer.locator("[data-judged]")).to_have_text("Sent to good-answers@1.")
    visitor.complaints.clear()  # the browser notes the refusal above
    judged = workspace.chats.get(kept).exchanges[0].answers[0]
    assert (judged.vote, judged.correction, judged.sent_to) == ("up", "Three.", ("good-answers@1",))


def test_a_kept_chat_is_gone_on_with_and_columns_come_and_go(visitor: Visitor, kept: str) -> None:
    page = visitor.page
    visitor.open(f"/playground?chat={kept}")
    expect(page.locator("[data-voice]")).to_have_count(2)
    expect(page.locator(".turn-assistant")).to_have_count(2)
    expect(page.get_by_label("System message")).to_have_value("Be brief.")
    more = page.get_by_role("button", name="Compare with another")
    more.click()
    more.click()
    expect(page.locator("[data-voice]")).to_have_count(4)
    expect(more).to_be_hidden()
    page.get_by_role("button", name="Without this model").first.click()
    expect(page.locator("[data-voice]")).to_have_count(3)
    expect(more).to_be_visible()
    expect(page.locator(".turn-assistant")).to_have_count(0)


def test_a_deleted_chat_leads_back_to_the_others(visitor: Visitor, workspace: Workspace, kept: str) -> None:
    page = visitor.page
    visitor.open(f"/chats/{kept}")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete").click()
    page.wait_for_url("**/chats")
    assert workspace.chats.list() == []
