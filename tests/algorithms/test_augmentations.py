"""Laws of augmentations, over all of them in 1D, 2D and 3D; noise against scipy's laws."""

import numpy as np
import pytest
import torch
from scipy import stats

import autoden as ad
from autoden.algorithms.datasets import (
    AUGMENTATIONS,
    AugmentationCrop,
    AugmentationFlip,
    AugmentationGaussianNoise,
    AugmentationPoissonNoise,
    AugmentationRotation90,
    AugmentationRotationAny,
    create_augmentations,
)
from autoden.errors import InputError
from autoden.training.batch import Batch

SHAPES = {1: (31,), 2: (10, 13), 3: (6, 7, 9)}

LOSSLESS = {"flip": AugmentationFlip, "rot90": AugmentationRotation90}
TURNS = {
    "rot90": AugmentationRotation90,
    "rot45": lambda **options: AugmentationRotationAny(step=45, **options),
    "rot_any": AugmentationRotationAny,
}
GEOMETRIC = LOSSLESS | TURNS | {"crop": lambda rng: AugmentationCrop(5, rng=rng)}
NOISY = {
    "gaussian": lambda rng: AugmentationGaussianNoise(0.1, rng=rng),
    "poisson": lambda rng: AugmentationPoissonNoise(2, rng=rng),
}


def cases(makers, dims=(1, 2, 3)):
    return [
        pytest.param(make, n, id=f"{name}-{n}D")
        for name, make in makers.items()
        for n in dims
        if n > 1 or name not in TURNS
    ]


def made(make, seed=0):
    return make(rng=np.random.default_rng(seed))


def coded(n_dims, n_samples=4):
    """Every element of every sample is told by its value, which all four tensors know."""
    shape = (n_samples, 1, *SHAPES[n_dims])
    code = torch.arange(float(np.prod(shape))).reshape(shape)
    target = code.repeat(1, 2, *(1,) * n_dims)
    held_out = target % 3 == 0
    return Batch(code.repeat(1, 3, *(1,) * n_dims), target, target + 1, held_out)


def tensors(batch):
    return batch.input, batch.target, batch.weight, batch.held_out


def coordinate(shape, axis):
    """A batch of one whose values are the index along an axis; all of it trains."""
    values = torch.tensor(np.indices(shape)[axis], dtype=torch.float32)[None, None]
    return Batch(values, values, torch.ones_like(values), torch.zeros_like(values) > 0)


# All that move elements


@pytest.mark.parametrize(("make", "n_dims"), cases(GEOMETRIC))
def test_input_target_weight_and_held_out_stay_aligned(make, n_dims):
    augment, batch = made(make), coded(n_dims)
    assert augment.geometric
    n_moved = 0
    for _ in range(12):
        view = augment(batch)
        inside = view.weight > 0
        assert inside.any()
        torch.testing.assert_close(view.input[:, :1], view.target[:, :1], rtol=0, atol=0)
        assert torch.equal(view.weight[inside], view.target[inside] + 1)
        assert torch.equal(view.held_out, (view.target % 3 == 0) & inside)
        n_moved += view.target.shape != batch.target.shape or not torch.equal(
            view.target, batch.target
        )
    assert n_moved > 3


@pytest.mark.parametrize(("make", "n_dims"), cases(GEOMETRIC))
def test_no_element_is_shown_twice_so_that_none_tells_another_and_white_noise_stays_white(
    make, n_dims
):
    augment, batch = made(make), coded(n_dims)
    for _ in range(12):
        view = augment(batch)
        for channel in range(2):
            shown = view.target[:, channel][view.weight[:, channel] > 0]
            assert len(shown.unique()) == len(shown)


@pytest.mark.parametrize(("make", "n_dims"), cases(LOSSLESS))
def test_flips_and_quarter_turns_keep_every_element_of_every_sample(make, n_dims):
    augment, batch = made(make), coded(n_dims)
    for _ in range(12):
        view = augment(batch)
        for before, after in zip(tensors(batch), tensors(view), strict=True):
            assert torch.equal(before.flatten(2).sort().values, after.flatten(2).sort().values)


@pytest.mark.parametrize(("make", "n_dims"), cases(LOSSLESS))
def test_the_same_flip_twice_or_the_same_quarter_turn_four_times_changes_nothing(make, n_dims):
    for seed in range(12):
        view = batch = coded(n_dims)
        for _ in range(2 if make is AugmentationFlip else 4):
            view = made(make, seed)(view)
        for before, after in zip(tensors(batch), tensors(view), strict=True):
            assert torch.equal(before, after)


@pytest.mark.parametrize(
    ("make", "n_dims", "axes"),
    [(AugmentationFlip, 2, (-1,)), (AugmentationFlip, 2, (-2,)), (AugmentationFlip, 3, (-3,))]
    + [(make, 3, axes) for make in (LOSSLESS | TURNS).values() for axes in [(-2, -1), (-1, -3)]],
)
def test_an_axis_left_out_never_moves(make, n_dims, axes):
    """As when an energy axis lies beside those of an image."""
    augment = make(axes=axes, rng=np.random.default_rng(0))
    shape = (8,) * n_dims
    fixed = set(range(-n_dims, 0)) - set(axes)
    for _ in range(8):
        for axis in fixed:
            batch = coordinate(shape, axis)
            view = augment(batch)
            inside = view.weight > 0
            assert torch.equal(view.target[inside], batch.target[inside])
    moving = [augment(coordinate(shape, axes[0])).target for _ in range(8)]
    assert len({tuple(values.flatten().tolist()) for values in moving}) > 1


@pytest.mark.parametrize(("make", "n_dims"), cases(GEOMETRIC | NOISY))
def test_the_batch_given_stays_as_it_is_and_the_same_seed_gives_the_same_views(make, n_dims):
    batch = coded(n_dims)
    kept = batch.map(torch.clone)
    state = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, same, other = made(make, 1), made(make, 1), made(make, 2)
    agreed = []
    for _ in range(6):
        views = [tensors(augment(batch)) for augment in (first, same, other)]
        assert all(map(torch.equal, views[0], views[1]))
        shapes_agree = views[0][0].shape == views[2][0].shape
        agreed.append(shapes_agree and torch.equal(views[0][0], views[2][0]))
        assert all(map(torch.equal, tensors(batch), tensors(kept)))
    assert not all(agreed)
    assert torch.equal(torch.random.get_rng_state(), state[0])
    assert np.array_equal(np.random.get_state()[1], state[1])  # noqa: NPY002


def test_without_a_generator_the_draws_follow_the_state_of_numpy():
    draws = []
    for _ in range(2):
        np.random.seed(3)  # noqa: NPY002
        draws.append(AugmentationFlip().rng.random())
    assert draws[0] == draws[1]


# Rotations


def every_turn(values, axes):
    """All that quarter turns in planes of these axes can give, by numpy."""
    planes = [(a, b) for a in axes for b in axes if a < b]
    return [np.rot90(values, k, plane) for plane in planes for k in range(4)]


@pytest.mark.parametrize("make", [TURNS["rot90"], lambda rng: AugmentationRotationAny(90, rng=rng)])
@pytest.mark.parametrize("shape", [(7, 7), (8, 8), (5, 5, 5), (6, 6, 6)])
def test_multiples_of_90_degrees_equal_numpy_s_and_all_occur(make, shape):
    values = torch.arange(float(np.prod(shape))).reshape(1, 1, *shape)
    batch = Batch(values, values, values + 1, values % 5 == 0)
    expected = {turned.tobytes() for turned in every_turn(values.numpy(), range(-len(shape), 0))}
    augment = made(make)
    views = [augment(batch) for _ in range(150)]
    assert {np.ascontiguousarray(view.input.numpy()).tobytes() for view in views} == expected
    assert all(torch.equal(view.weight, view.target + 1) for view in views)


def turned_coordinates(augment, shape):
    """From where each element comes, by what it shows: row, column and weight."""
    rows, columns = (coordinate(shape, axis) for axis in (0, 1))
    both = Batch(*(torch.cat(pair) for pair in zip(tensors(rows), tensors(columns), strict=True)))
    view = augment(both)
    return view.target[:, 0].double().numpy(), view.weight[0, 0].numpy() > 0


def best_rigid_motion(here, there):
    """The rotation and shift that take points (2, M) nearest to others (Kabsch 1976)."""
    here_mean, there_mean = (points.mean(axis=1, keepdims=True) for points in (here, there))
    (y, x), (v, u) = here - here_mean, there - there_mean
    angle = np.arctan2(y @ u - x @ v, y @ v + x @ u)
    c, s = np.cos(angle), np.sin(angle)
    rotation = np.array([[c, -s], [s, c]])
    return rotation, there_mean - rotation @ here_mean, np.degrees(angle)


@pytest.mark.parametrize("shape", [(40, 40), (41, 41), (33, 48)])
@pytest.mark.parametrize("step", [None, 45, 30.0])
def test_any_rotation_is_one_about_the_centre_to_within_an_element(step, shape):
    augment = AugmentationRotationAny(step, rng=np.random.default_rng(0))
    centre = (np.array(shape) - 1)[:, None] / 2
    here = np.indices(shape).reshape(2, -1) - centre
    angles = []
    for _ in range(20):
        there, inside = turned_coordinates(augment, shape)
        there, chosen = there[:, inside] - centre, inside.ravel()
        rotation, shift, angle = best_rigid_motion(here[:, chosen], there)
        assert np.abs(shift).max() < 0.75
        exact = rotation @ here + shift
        missed = np.hypot(*(exact[:, chosen] - there))
        assert np.sqrt(np.mean(missed**2)) < 0.7
        assert missed.max() < 1.5
        # what comes from well inside the data trains, what comes from well outside does not
        room = (centre - np.abs(exact)).min(axis=0)
        assert chosen[room > 1.5].all()
        assert not chosen[room < -1.5].any()
        angles.append(angle)
    if step is not None:
        np.testing.assert_allclose((np.array(angles) + step / 2) % step, step / 2, atol=0.5)
    assert len(set(np.round(angles) % 360)) >= (15 if step is None else 5)


@pytest.mark.parametrize("n_dims", [2, 3])
def test_no_value_of_the_data_appears_twice_in_a_turned_input(n_dims):
    """A copy in a place without weight would still stand beside a blind spot and tell its value."""
    values = torch.arange(1.0, 1 + np.prod(SHAPES[n_dims])).reshape(1, 1, *SHAPES[n_dims])
    batch = Batch(values, values, torch.ones_like(values), values < 0)
    augment = made(AugmentationRotationAny)
    for _ in range(20):
        view = augment(batch)
        shown = view.input[view.input != 0]
        assert len(shown.unique()) == len(shown) == int(view.weight.sum())


def test_what_comes_from_outside_is_0_and_neither_trains_nor_is_scored():
    ramp = torch.arange(1.0, 101.0).reshape(1, 1, 10, 10)
    batch = Batch(ramp, ramp, torch.ones_like(ramp), ramp >= 0)
    augment = AugmentationRotationAny(45, rng=np.random.default_rng(0))
    n_outside = 0
    for _ in range(10):
        view = augment(batch)
        outside = view.weight == 0
        n_outside += int(outside.sum())
        assert not view.held_out[outside].any()
        assert not view.input[outside].any()
        assert not view.target[outside].any()
    assert n_outside > 0


def test_quarter_turns_fit_data_that_are_not_square():
    augment, batch = made(AugmentationRotation90), coded(2)
    shapes = {augment(batch).target.shape[2:] for _ in range(12)}
    assert shapes == {(10, 13), (13, 10)}


# Crops


@pytest.mark.parametrize("n_dims", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 4, 8, 100, "per axis"])
def test_a_crop_is_a_window_of_each_sample(size, n_dims):
    size = (5, 3, 20)[:n_dims] if size == "per axis" else size
    expected = tuple(np.minimum(size, SHAPES[n_dims]))
    batch = coded(n_dims)
    view = AugmentationCrop(size, rng=np.random.default_rng(0))(batch)
    assert view.input.shape == (4, 3, *expected)
    assert view.held_out.shape == (4, 2, *expected)
    starts = np.stack(np.unravel_index(
        view.target[:, 0].flatten(1)[:, 0].long().numpy(), (4, *SHAPES[n_dims])
    ))  # (1 + n_dims, N)  # fmt: skip
    for sample, (n, *start) in enumerate(starts.T):
        assert n == sample
        window = tuple(slice(s, s + length) for s, length in zip(start, expected, strict=True))
        for before, after in zip(tensors(batch), tensors(view), strict=True):
            assert torch.equal(before[(sample, slice(None), *window)], after[sample])


@pytest.mark.parametrize("dtype", ["i8", "u1"])
def test_sizes_may_be_an_array(dtype):
    view = AugmentationCrop(np.array([4, 6], dtype), rng=np.random.default_rng(0))(coded(2))
    assert view.input.shape == (4, 3, 4, 6)
    assert AugmentationCrop(np.array(4, dtype)).size == 4


def test_each_sample_is_cropped_at_its_own_place_and_all_places_are_equally_likely():
    rows = torch.arange(12.0).expand(3000, 1, 12)
    crop = AugmentationCrop(5, rng=np.random.default_rng(0))
    starts = crop(Batch(rows, rows, rows, rows > 5)).input[:, 0, 0].long()
    assert stats.chisquare(np.bincount(starts, minlength=8)).pvalue > 1e-3


# Noise


def flat_batch(level, n_samples=3, size=20_000):
    values = torch.full((n_samples, 1, size), float(level))
    return Batch(values, values, torch.ones_like(values), values > level)


@pytest.mark.parametrize(("make", "n_dims"), cases(NOISY))
@pytest.mark.parametrize("n", [1, 2])
def test_noise_goes_to_the_first_n_tensors_and_moves_nothing(make, n_dims, n):
    augment, batch = made(make), coded(n_dims)
    augment.n = n
    view = augment(batch)
    assert not augment.geometric
    changed = [not torch.equal(a, b) for a, b in zip(tensors(batch), tensors(view), strict=True)]
    assert changed == [True, n == 2, False, False]
    assert [t.shape for t in tensors(view)] == [t.shape for t in tensors(batch)]
    assert not torch.equal(augment(batch).input, view.input)  # anew each time


def test_gaussian_noise_is_normal_with_the_standard_deviation_given():
    view = AugmentationGaussianNoise(0.3, n=2, rng=np.random.default_rng(0))(flat_batch(5))
    on_input, on_target = (((t - 5) / 0.3).flatten().numpy() for t in (view.input, view.target))
    assert stats.kstest(on_input, "norm").pvalue > 1e-3
    assert stats.kstest(on_target, "norm").pvalue > 1e-3
    assert stats.pearsonr(on_input, on_target).pvalue > 1e-3


@pytest.mark.parametrize("zero", [0.0, -0.7])
@pytest.mark.parametrize("n_10_counts", [1, 2.5])
def test_poisson_noise_is_poisson_above_the_lowest_value(n_10_counts, zero):
    signal = 0.4
    values = torch.full((1, 1, 50_000), zero + signal)
    values[..., 0] = zero
    batch = Batch(values, values, values, values > 9)
    view = AugmentationPoissonNoise(n_10_counts, rng=np.random.default_rng(0))(batch)
    gain = 10**n_10_counts
    counts = (view.input.double().numpy().ravel()[1:] - zero) * gain
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-3)
    law = stats.poisson(signal * gain)
    edges = law.ppf(np.linspace(0.02, 0.98, 12))
    cells = np.diff(np.concatenate([[0], law.cdf(np.unique(edges)), [1]]))
    found = np.bincount(np.searchsorted(np.unique(edges), np.round(counts)), minlength=len(cells))
    assert stats.chisquare(found, cells * len(counts)).pvalue > 1e-3
    assert view.input[..., 0].item() == pytest.approx(zero)


def test_values_that_are_all_positive_count_from_zero():
    view = AugmentationPoissonNoise(2, rng=np.random.default_rng(0))(flat_batch(4))
    assert view.input.mean().item() == pytest.approx(4, abs=0.005)
    assert view.input.var().item() == pytest.approx(4 / 100, rel=0.05)


def test_each_sample_has_its_own_zero_and_the_dark_one_has_no_noise():
    values = torch.tensor([[[-1.0, -1.0]], [[0.0, 0.0]], [[-1.0, 3.0]]])
    batch = Batch(values, values, values, values > 9)
    view = AugmentationPoissonNoise(1, rng=np.random.default_rng(0))(batch)
    assert torch.equal(view.input[:2], values[:2])
    assert view.input[2, 0, 0] == -1


def test_counts_beyond_what_samplers_can_count_stay_finite_and_true():
    view = AugmentationPoissonNoise(9.9, rng=np.random.default_rng(0))(flat_batch(1e5))
    torch.testing.assert_close(view.input, flat_batch(1e5).input, rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("level", "is_allowed"),
    [
        ((0.2, 0.6), lambda s: np.all((s > 0.19) & (s < 0.61)) and np.ptp(s) > 0.2),
        ([0.2, 0.6], lambda s: np.all(np.minimum(abs(s - 0.2), abs(s - 0.6)) < 0.02)
         and np.ptp(s) > 0.3),
    ],
)  # fmt: skip
def test_each_sample_draws_its_own_level_from_a_tuple_or_list(level, is_allowed):
    batch = flat_batch(0, n_samples=20, size=5000)
    view = AugmentationGaussianNoise(level, rng=np.random.default_rng(0))(batch)
    assert is_allowed(view.input.std(dim=2).flatten().numpy())


# Names and settings


@pytest.mark.parametrize("name", AUGMENTATIONS)
@pytest.mark.parametrize("n_dims", [2, 3])
def test_every_name_gives_an_augmentation_that_works(name, n_dims):
    rng = np.random.default_rng(0)
    (augment,) = create_augmentations(name, n_dims=n_dims, rng=rng)
    assert augment.rng is rng
    assert len(augment(coded(n_dims))) == 4


def test_nothing_is_augmented_unless_asked_for():
    assert create_augmentations(None, n_dims=1, rng=np.random.default_rng(0)) == ()


def test_names_and_objects_mix_in_their_order():
    wanted = [AugmentationCrop(3), "rot_any", "rot45", AugmentationGaussianNoise(0.1)]
    made_ = create_augmentations(wanted, n_dims=2, rng=np.random.default_rng(0))
    assert (made_[0].size, made_[3].sigma) == (3, 0.1)
    assert [augment.step for augment in made_[1:3]] == [None, 45]


WITHOUT_GENERATOR = {
    "flip": AugmentationFlip,
    "rot90": AugmentationRotation90,
    "rot_any": AugmentationRotationAny,
    "crop": lambda: AugmentationCrop(5),
    "gaussian": lambda: AugmentationGaussianNoise(0.1),
    "poisson": lambda: AugmentationPoissonNoise(2),
}


@pytest.mark.parametrize("make", WITHOUT_GENERATOR.values(), ids=WITHOUT_GENERATOR)
def test_an_object_without_a_generator_draws_from_the_one_given_and_stays_as_it_was(make):
    views = []
    for _ in range(2):
        augment = make()
        before = augment.rng, augment.rng.bit_generator.state
        (bound,) = create_augmentations(augment, n_dims=2, rng=np.random.default_rng(5))
        views.append([bound(coded(2)).input for _ in range(6)])
        assert (augment.rng, augment.rng.bit_generator.state) == before
    assert all(map(torch.equal, *views))


def test_an_object_with_a_generator_keeps_it():
    given = AugmentationFlip(rng=np.random.default_rng(1))
    assigned = AugmentationFlip()
    assigned.rng = np.random.default_rng(1)
    rng = np.random.default_rng(0)
    assert create_augmentations([given, assigned], n_dims=2, rng=rng) == (given, assigned)


def test_a_seed_makes_a_training_with_an_augmentation_object_repeat():
    data = np.random.default_rng(0).normal(size=(3, 12, 12))
    curves = []
    for _ in range(2):
        model = ad.NetworkParamsDnCNN(n_layers=3, n_features=4)
        n2n = ad.N2N(model, device="cpu", augmentation=AugmentationFlip(), seed=0, verbose=False)
        curves.append(n2n.train(*n2n.prepare_data(data), epochs=6)["loss_trn"])
    np.testing.assert_array_equal(*curves)


@pytest.mark.parametrize(
    "wanted",
    ["rot90", "rot45", "rot_any", AugmentationRotation90(), AugmentationRotationAny(step=90)],
)
def test_a_rotation_of_1d_data_is_refused_before_any_training(wanted):
    with pytest.raises(InputError, match="the data have 1"):
        create_augmentations(wanted, n_dims=1, rng=np.random.default_rng(0))


def test_in_1d_only_flips_warn():
    rng = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="wrong for spectra"):
        create_augmentations("flip", n_dims=1, rng=rng)
    harmless = [AugmentationCrop(3), AugmentationGaussianNoise(0.1), AugmentationPoissonNoise(3)]
    assert len(create_augmentations(harmless, n_dims=1, rng=rng)) == 3


@pytest.mark.parametrize("wanted", ["shear", ["flip", "shear"]])
def test_an_unknown_name_lists_those_known(wanted):
    with pytest.raises(InputError, match="'shear': choose one of 'flip', 'rot90', 'rot45', 'rot_a"):
        create_augmentations(wanted, n_dims=2, rng=np.random.default_rng(0))


@pytest.mark.parametrize("wanted", [3, AugmentationFlip, ["flip", None], lambda batch: batch])
def test_what_is_no_augmentation_is_refused(wanted):
    with pytest.raises(InputError, match="give a name or an Augmentation object"):
        create_augmentations(wanted, n_dims=2, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AugmentationFlip(axes=(1,)), "counted from the end"),
        (lambda: AugmentationFlip(axes=(-1, -1)), "counted from the end"),
        (lambda: AugmentationFlip(axes=(-1.0,)), "counted from the end"),
        (lambda: AugmentationFlip(rng=3), "`rng` is 3"),
        (lambda: AugmentationRotation90(axes=-1), "counted from the end"),
        (lambda: AugmentationRotation90(axes=(-1,)), r"`axes` is \(-1,\): a rotation needs two"),
        (lambda: AugmentationRotationAny(step=0), "`step` is 0"),
        (lambda: AugmentationRotationAny(step=360), "`step` is 360"),
        (lambda: AugmentationRotationAny(rng=3), "`rng` is 3"),
        (lambda: AugmentationRotation90((-3, -1))(coded(2)), "2 spatial axes"),
        (lambda: AugmentationRotationAny(axes=(-3, -1))(coded(2)), "2 spatial axes"),
        (lambda: AugmentationRotationAny()(coded(1)), "the data have 1"),
        (lambda: AugmentationCrop(0), "`patch_size` or `size` is 0"),
        (lambda: AugmentationCrop((4, 0)), r"`patch_size` or `size\[1\]` is 0"),
        (lambda: AugmentationCrop("4"), "`patch_size` or `size` is '4'"),
        (lambda: AugmentationCrop(np.array([4.0, 4.0])), r"`size\[0\]` is np.float64\(4.0\)"),
        (lambda: AugmentationCrop(np.full((2, 2), 4)), r"`size\[0\]` is array"),
        (lambda: AugmentationCrop(np.array([], int)), "`patch_size` or `size` is empty"),
        (lambda: AugmentationCrop((4, 4, 4))(coded(2)), "2 spatial axes"),
        (lambda: AugmentationGaussianNoise(-0.1), "`sigma` is -0.1"),
        (lambda: AugmentationGaussianNoise((0.2, 0.1)), r"\(lowest, highest\)"),
        (lambda: AugmentationGaussianNoise((0.1, 0.2, 0.3)), r"\(lowest, highest\)"),
        (lambda: AugmentationGaussianNoise([]), r"\(lowest, highest\)"),
        (lambda: AugmentationGaussianNoise([0.1, "x"]), r"`sigma\[1\]` is 'x'"),
        (lambda: AugmentationGaussianNoise(0.1, n=3), "`n` is 3"),
        (lambda: AugmentationPoissonNoise(10), "`n_10_counts` is 10"),
        (lambda: AugmentationPoissonNoise(-1), "`n_10_counts` is -1"),
    ],
)
def test_bad_settings_are_refused(make, words):
    with pytest.raises(InputError, match=words):
        make()
