import pytest
import torch

from luthier.engine.loss import summed_loss

ROWS = 700  # more than one chunk of logits


@pytest.mark.parametrize("bias", [False, True])
def test_the_loss_and_its_gradient_are_those_of_cross_entropy(bias: bool) -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(12, 31, bias=bias).requires_grad_(False)
    targets = torch.randint(0, 31, (ROWS,))
    ours = torch.randn(ROWS, 12).requires_grad_()
    plain = ours.detach().clone().requires_grad_()
    loss = summed_loss(ours, head, targets)
    expected = torch.nn.functional.cross_entropy(head(plain), targets, reduction="sum")
    (loss / 7).backward()
    (expected / 7).backward()
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(ours.grad, plain.grad)


def test_statistics_are_fp32_when_the_head_is_bf16() -> None:
    torch.manual_seed(0)
    head = torch.nn.Linear(16, 64, bias=False).requires_grad_(False).bfloat16()
    hidden, targets = torch.randn(ROWS, 16).bfloat16(), torch.randint(0, 64, (ROWS,))
    exact = torch.nn.functional.cross_entropy(head(hidden).double(), targets, reduction="sum")
    assert summed_loss(hidden, head, targets).item() == pytest.approx(exact.item(), rel=1e-6)


def test_no_supervised_row_is_no_loss() -> None:
    head = torch.nn.Linear(4, 9, bias=False).requires_grad_(False)
    assert summed_loss(torch.empty(0, 4), head, torch.empty(0, dtype=torch.long)).item() == 0.0
