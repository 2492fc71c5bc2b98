"""What the student is asked for. All inputs are unit vectors; every loss is a mean over the rows."""
import torch
import torch.nn.functional as F


def teacher_loss(outputs, targets):
    """1 - cosine between each output `float[n, d]` and its teacher's target."""
    return (1 - (outputs * targets).sum(1)).mean()


def margin_softmax(outputs, classes, prototypes, scale=28.0, margin=0.15, too_alike=0.55):
    """Cross-entropy over identities whose class weights are the teachers' own mean templates (CosFace's margin).

    The prototypes stay fixed: learning tens of thousands of class weights from one picture each would only memorise.
    Classes nearer than `too_alike` to the right one are left out, since they may well be the same person.
    """
    logits = outputs @ prototypes.T
    own = torch.arange(len(classes), device=outputs.device)
    likeness = prototypes[classes] @ prototypes.T
    likeness[own, classes] = -1.0
    logits = logits.masked_fill(likeness > too_alike, -1.0)
    shift = torch.zeros_like(logits)
    shift[own, classes] = margin
    return F.cross_entropy(scale * (logits - shift), classes)


def pull_pairs(first, second, classes, scale=24.0, margin=0.1):
    """Each face of `first` must find its own person in `second`, and the other way round (symmetric InfoNCE).

    Row i of both shows one person, here bare and masked: exactly the comparison that the product makes. Other rows of
    the same person are neither right nor wrong.
    """
    likeness = first @ second.T
    own = torch.eye(len(classes), dtype=torch.bool, device=first.device)
    same = (classes[:, None] == classes[None]) & ~own
    logits = scale * (likeness - margin * own).masked_fill(same, -1.0)
    index = torch.arange(len(classes), device=first.device)
    return 0.5 * (F.cross_entropy(logits, index) + F.cross_entropy(logits.T, index))
