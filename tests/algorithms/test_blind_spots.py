import itertools

import numpy as np
import pytest
import torch

from autoden.algorithms.blind_spots import BlindSpots, checked_mask_shape, dilate, neighbourhood
from autoden.errors import InputError
from autoden.training.batch import Batch

SHAPES = {1: (64,), 2: (24, 33), 3: (9, 12, 15)}


def make_batch(n_dims, n_samples=3, n_channels=2):
    shape = (n_samples, n_channels, *SHAPES[n_dims])
    data = torch.arange(torch.Size(shape).numel(), dtype=torch.float32).reshape(shape)
    return Batch(data, data, torch.ones(shape), torch.zeros(shape, dtype=torch.bool))


def make_spots(n_dims, mask_shape=1, **options):
    shape = checked_mask_shape(mask_shape, n_dims)
    return BlindSpots(shape, generator=torch.Generator().manual_seed(0), **options)


@pytest.mark.parametrize("replacement", ["neighbour", "median", "noise"])
@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_only_the_errors_of_hidden_elements_train(n_dims, replacement):
    batch = make_batch(n_dims)
    data = torch.rand(batch.input.shape, generator=torch.Generator().manual_seed(2))
    batch = Batch(data, data, batch.weight, batch.held_out)
    seen = make_spots(n_dims, ratio=0.05, replacement=replacement)(batch)
    changed = seen.input != batch.input
    assert torch.equal(changed, seen.weight > 0)
    assert torch.equal(seen.target, batch.target)


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_each_sample_has_the_asked_share_of_spots_the_same_in_all_channels(n_dims):
    batch = make_batch(n_dims)
    weight = make_spots(n_dims, ratio=0.1)(batch).weight
    n_elements = torch.Size(SHAPES[n_dims]).numel()
    assert weight.flatten(2).sum(dim=2).unique().tolist() == [round(0.1 * n_elements)]
    assert torch.equal(weight[:, 0], weight[:, 1])


def test_a_short_signal_still_has_a_spot():
    row = torch.arange(9.0).reshape(1, 1, 9)
    batch = Batch(row, row, torch.ones_like(row), row < 0)
    assert make_spots(1, ratio=0.001)(batch).weight.sum() == 1


def test_spots_stay_off_what_does_not_train():
    batch = make_batch(2)
    weight = torch.zeros_like(batch.weight)
    weight[:, :, :4] = 1
    seen = make_spots(2, ratio=0.5)(Batch(batch.input, batch.target, weight, batch.held_out))
    assert seen.weight.sum() > 0
    assert torch.equal(seen.input[:, :, 4:], batch.input[:, :, 4:])


@pytest.mark.parametrize("mask_shape", [1, 3])
def test_more_spots_than_are_drawn_are_hidden_all_the_same(mask_shape):
    spots = make_spots(2, mask_shape, ratio=0.001)
    inputs = torch.arange(512.0).reshape(2, 1, 16, 16)
    many = torch.zeros(inputs.shape, dtype=torch.bool)
    many[:, :, 2::6, 1::6] = True
    changed = spots.hide(inputs, many) != inputs
    assert torch.equal(changed, dilate(many, spots.mask_shape))


@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_neighbours_are_near_and_never_the_element_itself(n_dims):
    batch = make_batch(n_dims, n_channels=1)
    seen = make_spots(n_dims, ratio=0.2)(batch)
    shape = SHAPES[n_dims]
    n_elements = int(np.prod(shape))
    hidden = (seen.weight > 0).flatten()
    there = np.unravel_index((seen.input.flatten()[hidden] % n_elements).long().numpy(), shape)
    here = np.unravel_index((batch.input.flatten()[hidden] % n_elements).long().numpy(), shape)
    distance = np.abs(np.array(there) - np.array(here))
    assert distance.max() == 2
    assert distance.sum(axis=0).min() >= 1


@pytest.mark.parametrize("axis", range(3))
def test_structured_masks_hide_along_their_axis_only(axis):
    mask_shape = [1, 1, 1]
    mask_shape[axis] = 5
    batch = make_batch(3, n_samples=1, n_channels=1)
    spots = make_spots(3, mask_shape, ratio=1e-6)
    seen = spots(batch)
    assert seen.weight.sum() == 1  # the spot alone trains
    changed = (seen.input != batch.input)[0, 0].nonzero()
    extent = changed.max(dim=0).values - changed.min(dim=0).values
    others = [i for i in range(3) if i != axis]
    assert extent[others].tolist() == [0, 0]
    assert 2 <= extent[axis] <= 4  # cut at the edge


@pytest.mark.parametrize("replacement", ["neighbour", "median"])
@pytest.mark.parametrize("mask_shape", [(1, 7), (7, 1), (5, 5), (1, 1), (3, 9)])
def test_nothing_hidden_with_a_spot_takes_its_place(mask_shape, replacement):
    """Whatever shares the noise of the spot must not change the input once it is hidden."""
    spots = make_spots(2, mask_shape, ratio=1e-6, replacement=replacement)
    halves = [size // 2 for size in mask_shape]
    centre = (12, 16)
    chosen = torch.zeros(1, 1, 24, 33, dtype=torch.bool)
    chosen[0, 0, centre[0], centre[1]] = True
    clean, marked = torch.zeros(1, 1, 24, 33), torch.zeros(1, 1, 24, 33)
    for dy, dx in itertools.product(*(range(-h, h + 1) for h in halves)):
        marked[0, 0, centre[0] + dy, centre[1] + dx] = 1000.0
    for _ in range(20):
        assert torch.equal(spots.hide(marked, chosen), spots.hide(clean, chosen))


def test_the_median_is_that_of_the_surroundings():
    image = torch.rand(1, 1, 9, 9, generator=torch.Generator().manual_seed(1))
    chosen = torch.zeros(1, 1, 9, 9, dtype=torch.bool)
    chosen[0, 0, 4, 5] = True
    around = image[0, 0, 2:7, 3:8].flatten().tolist()
    del around[12]
    filled = make_spots(2, replacement="median").hide(image, chosen)
    assert filled[0, 0, 4, 5].item() == pytest.approx(np.median(around))


def test_a_seed_repeats_and_the_batch_stays_as_it_is():
    batch = make_batch(2)
    before = batch.input.clone()
    first, second = make_spots(2)(batch), make_spots(2)(batch)
    assert torch.equal(first.input, second.input)
    assert torch.equal(batch.input, before)


def test_at_most_a_quarter_is_hidden():
    batch = make_batch(2)
    seen = make_spots(2, (5, 5), ratio=0.5)(batch)
    assert (seen.input != batch.input).float().mean() <= 0.25


@pytest.mark.parametrize(("shape", "mask_shape"), [((2,), (1,)), ((6,), (3,)), ((2, 2), (1, 1))])
def test_data_too_short_for_the_mask_are_refused(shape, mask_shape):
    with pytest.raises(InputError, match="too short"):
        neighbourhood(shape, mask_shape)


@pytest.mark.parametrize("mask_shape", [2, 0, (1, 4), (1, 1, 1), "3", 1.5])
def test_mask_shapes_that_have_no_centre_are_refused(mask_shape):
    with pytest.raises(InputError, match="mask_shape"):
        checked_mask_shape(mask_shape, n_dims=2)
