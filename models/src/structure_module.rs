//! AlphaFold's structure module: from single and pair representation to atoms.

/// The structure module (Jumper et al. 2021, supplement 1.8, algorithms 20 to 24), as trained for monomers.
#[crease::model]
pub mod structure_module {
    use crate::geometry::geometry::{gather_by, product, rotations, softplus, squared_distances, to_world};

    /// Residues.
    type R = Axis;
    /// Channels of the single representation.
    const C_S: usize = 384;
    /// Channels of the pair representation.
    const C_Z: usize = 128;
    /// Heads of point attention.
    const HEADS_IPA: usize = 12;
    /// Scalar channels of a head.
    const C_IPA: usize = 16;
    /// Points of a head's query and key.
    const POINTS_QK: usize = 4;
    /// Points of a head's value.
    const POINTS_V: usize = 8;
    /// Iterations, all with the same weights.
    const BLOCKS: usize = 8;
    /// Width of the angles' network.
    const C_RESNET: usize = 128;
    /// Its residual blocks.
    const RESNET_BLOCKS: usize = 2;
    /// Ångströms of a unit of translation.
    const TRANS_SCALE: f32 = 10.0;
    /// Added, negated, to the logits of masked pairs.
    const INF: f32 = 1e5;
    /// Least squared length of an angle's vector.
    const EPS: f32 = 1e-8;

    /// Projections of point attention. Keys come before values within each head; points are all x, all y, all z.
    pub struct PointAttention {
        linear_q: Linear<C_S, { HEADS_IPA * C_IPA }>,
        linear_kv: Linear<C_S, { HEADS_IPA * 2 * C_IPA }>,
        #[name = "linear_q_points.linear"]
        linear_q_points: Linear<C_S, { 3 * HEADS_IPA * POINTS_QK }>,
        #[name = "linear_kv_points.linear"]
        linear_kv_points: Linear<C_S, { 3 * HEADS_IPA * (POINTS_QK + POINTS_V) }>,
        linear_b: Linear<C_Z, HEADS_IPA>,
        head_weights: Tensor<HEADS_IPA>,
        linear_out: Linear<{ HEADS_IPA * (C_IPA + 4 * POINTS_V + C_Z) }, C_S>,
    }

    /// The update of the single representation (algorithm 22).
    pub fn attend_points(
        s: Tensor<R, C_S>,
        z: Tensor<R, R, C_Z>,
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
        mask: Tensor<R>,
        w: PointAttention,
    ) -> Tensor<R, C_S> {
        let q = rearrange("r (h d) -> r h d", linear(s, w.linear_q), h = HEADS_IPA);
        let kv = rearrange("r (h d) -> r h d", linear(s, w.linear_kv), h = HEADS_IPA);
        let (k, v) = (slice(kv, 2, 0, C_IPA), slice(kv, 2, C_IPA, 2 * C_IPA));
        let local_q = rearrange("r (a h p) -> r h p a", linear(s, w.linear_q_points), a = 3, h = HEADS_IPA);
        let local_kv = rearrange("r (a h p) -> r h p a", linear(s, w.linear_kv_points), a = 3, h = HEADS_IPA);
        let points_q = to_world(local_q, rotation, translation);
        let points_kv = to_world(local_kv, rotation, translation);
        let points_k = slice(points_kv, 2, 0, POINTS_QK);
        let points_v = slice(points_kv, 2, POINTS_QK, POINTS_QK + POINTS_V);
        let scalar = einsum("ihd,jhd->hij", q, k) * (1.0 / sqrt(3 * C_IPA));
        let pair = rearrange("i j h -> h i j", linear(z, w.linear_b)) * (1.0 / sqrt(3));
        let weight = softplus(w.head_weights) * (0.5 / sqrt(13.5 * number(POINTS_QK)));
        let near = squared_distances(points_q, points_k) * rearrange("h -> h 1 1", weight);
        let hidden = INF * (einsum("i,j->ij", mask, mask) - 1.0);
        let weights = softmax(scalar + pair - near + unsqueeze(hidden, 0), over = 2);
        let (scalars, points, lengths, pairs) = gather_by(weights, v, points_v, z, rotation, translation);
        let gathered = concat(
            rearrange("r h d -> r (h d)", scalars),
            rearrange("r h p a -> r (a h p)", points),
            rearrange("r h p -> r (h p)", lengths),
            rearrange("r h c -> r (h c)", pairs),
            axis = 1,
        );
        linear(gathered, w.linear_out)
    }

    /// Three linear layers.
    pub struct TransitionLayer {
        linear_1: Linear<C_S, C_S>,
        linear_2: Linear<C_S, C_S>,
        linear_3: Linear<C_S, C_S>,
    }

    /// The transition and its norm.
    pub struct Transition {
        #[name = "layers.0"]
        layer: TransitionLayer,
        layer_norm: LayerNorm<C_S>,
    }

    /// How far a residue moves (algorithm 23).
    pub struct BackboneUpdate {
        linear: Linear<C_S, 6>,
    }

    /// A residual block of the angles' network.
    pub struct AngleBlock {
        linear_1: Linear<C_RESNET, C_RESNET>,
        linear_2: Linear<C_RESNET, C_RESNET>,
    }

    /// The network of angles.
    pub struct AngleResnet {
        linear_in: Linear<C_S, C_RESNET>,
        linear_initial: Linear<C_S, C_RESNET>,
        layers: [AngleBlock; RESNET_BLOCKS],
        linear_out: Linear<C_RESNET, 14>,
    }

    /// Sine and cosine of ω, φ, ψ and χ1 to χ4, of any length.
    fn angles(s: Tensor<R, C_S>, initial: Tensor<R, C_S>, w: AngleResnet) -> Tensor<R, 7, 2> {
        let mut a = linear(relu(s), w.linear_in) + linear(relu(initial), w.linear_initial);
        for layer in w.layers {
            a = a + linear(relu(linear(relu(a), layer.linear_1)), layer.linear_2);
        }
        rearrange("r (a b) -> r a b", linear(relu(a), w.linear_out), a = 7)
    }

    /// A frame in another: rotations.
    fn turned(outer: Tensor<R, 3, 3>, inner: Tensor<R, 3, 3>) -> Tensor<R, 3, 3> {
        einsum("rab,rbc->rac", outer, inner)
    }

    /// A frame in another: translations.
    fn moved(rotation: Tensor<R, 3, 3>, translation: Tensor<R, 3>, inner: Tensor<R, 3>) -> Tensor<R, 3> {
        einsum("rab,rb->ra", rotation, inner) + translation
    }

    /// The frames of the eight rigid groups of each residue (algorithm 24, lines 1 to 10): the backbone's, ω, φ, ψ, χ1
    /// to χ4, each χ in the frame of the one before.
    fn group_frames(
        rotation: Tensor<R, 3, 3>,
        translation: Tensor<R, 3>,
        angles: Tensor<R, 7, 2>,
        groups: Tensor<R, 8, 4, 4>,
    ) -> (Tensor<R, 8, 3, 3>, Tensor<R, 8, 3>) {
        let none = concat(full(0.0, shape = [R, 1, 1]), full(1.0, shape = [R, 1, 1]), axis = 2);
        let all = concat(none, angles, axis = 1);
        let (sine, cosine) = (pick(all, 2, 0), pick(all, 2, 1));
        let (zero, one) = (full(0.0, like = sine), full(1.0, like = sine));
        let first = stack(one, zero, zero, axis = 2);
        let second = stack(zero, cosine, -sine, axis = 2);
        let third = stack(zero, sine, cosine, axis = 2);
        let about_x = stack(first, second, third, axis = 2);
        let own = slice(slice(groups, 2, 0, 3), 3, 0, 3);
        let turn = einsum("rgab,rgbc->rgac", own, about_x);
        let shift = pick(slice(groups, 2, 0, 3), 3, 3);
        let turn_2 = turned(pick(turn, 1, 4), pick(turn, 1, 5));
        let shift_2 = moved(pick(turn, 1, 4), pick(shift, 1, 4), pick(shift, 1, 5));
        let turn_3 = turned(turn_2, pick(turn, 1, 6));
        let shift_3 = moved(turn_2, shift_2, pick(shift, 1, 6));
        let turn_4 = turned(turn_3, pick(turn, 1, 7));
        let shift_4 = moved(turn_3, shift_3, pick(shift, 1, 7));
        let turns =
            concat(slice(turn, 1, 0, 5), unsqueeze(turn_2, 1), unsqueeze(turn_3, 1), unsqueeze(turn_4, 1), axis = 1);
        let shifts = concat(
            slice(shift, 1, 0, 5),
            unsqueeze(shift_2, 1),
            unsqueeze(shift_3, 1),
            unsqueeze(shift_4, 1),
            axis = 1,
        );
        let rotations = einsum("rab,rgbc->rgac", rotation, turns);
        (rotations, einsum("rab,rgb->rga", rotation, shifts) + unsqueeze(translation, 1))
    }

    /// The structure module.
    pub struct StructureModule {
        layer_norm_s: LayerNorm<C_S>,
        layer_norm_z: LayerNorm<C_Z>,
        linear_in: Linear<C_S, C_S>,
        ipa: PointAttention,
        layer_norm_ipa: LayerNorm<C_S>,
        transition: Transition,
        bb_update: BackboneUpdate,
        angle_resnet: AngleResnet,
    }

    /// Frames (quaternion, then translation in ångströms), group frames, angles, atoms in the 14-atom order and states
    /// of every iteration; the last state. The tables are those of the amino acids: each atom's group, whether it is
    /// there, each group's frame and each atom's place in it.
    pub fn structure_module(
        s: Tensor<R, C_S>,
        z: Tensor<R, R, C_Z>,
        aatype: Tensor<R>,
        mask: Tensor<R>,
        group_idx: Tensor<21, 14>,
        atom_mask: Tensor<21, 14>,
        default_frames: Tensor<21, 8, 4, 4>,
        lit_positions: Tensor<21, 14, 3>,
        w: StructureModule,
    ) -> (
        Tensor<BLOCKS, R, 7>,
        Tensor<BLOCKS, R, 8, 4, 4>,
        Tensor<BLOCKS, R, 7, 2>,
        Tensor<BLOCKS, R, 7, 2>,
        Tensor<BLOCKS, R, 14, 3>,
        Tensor<BLOCKS, R, C_S>,
        Tensor<R, C_S>,
    ) {
        let groups = gather(default_frames, 0, aatype);
        let member = one_hot(gather(group_idx, 0, aatype), 8);
        let there = gather(atom_mask, 0, aatype);
        let places = gather(lit_positions, 0, aatype);
        let initial = layer_norm(s, w.layer_norm_s);
        let pair = layer_norm(z, w.layer_norm_z);
        let mut single = linear(initial, w.linear_in);
        let mut turn = concat(full(1.0, shape = [R, 1]), full(0.0, shape = [R, 3]), axis = 1);
        let mut translation = full(0.0, shape = [R, 3]);
        // The newest stand last: after all iterations the zeros are gone.
        let mut frames = full(0.0, shape = [BLOCKS, R, 7]);
        let mut sidechain_frames = full(0.0, shape = [BLOCKS, R, 8, 4, 4]);
        let mut unnormalized_angles = full(0.0, shape = [BLOCKS, R, 7, 2]);
        let mut angles_ = full(0.0, shape = [BLOCKS, R, 7, 2]);
        let mut positions = full(0.0, shape = [BLOCKS, R, 14, 3]);
        let mut states = full(0.0, shape = [BLOCKS, R, C_S]);
        for _ in 0..BLOCKS {
            let update = attend_points(single, pair, rotations(turn), translation, mask, w.ipa);
            record("ipa.update", update);
            single = layer_norm(single + update, w.layer_norm_ipa);
            let layer = w.transition.layer;
            let hidden = relu(linear(relu(linear(single, layer.linear_1)), layer.linear_2));
            single = layer_norm(single + linear(hidden, layer.linear_3), w.transition.layer_norm);
            let motion = linear(single, w.bb_update.linear);
            let by = concat(full(1.0, shape = [R, 1]), slice(motion, 1, 0, 3), axis = 1);
            translation = moved(rotations(turn), translation, slice(motion, 1, 3, 6));
            let longer = product(turn, by);
            turn = longer / sqrt(sum(longer * longer, over = 1, keep = true));
            let scaled = translation * TRANS_SCALE;
            let raw = angles(single, initial, w.angle_resnet);
            let normal = raw / sqrt(max(sum(raw * raw, over = 2, keep = true), EPS));
            let (group_turns, group_shifts) = group_frames(rotations(turn), scaled, normal, groups);
            let atom_turns = einsum("rng,rgab->rnab", member, group_turns);
            let atom_shifts = einsum("rng,rga->rna", member, group_shifts);
            let atoms = (einsum("rnab,rnb->rna", atom_turns, places) + atom_shifts) * unsqueeze(there, 2);
            let upper = concat(group_turns, unsqueeze(group_shifts, 3), axis = 3);
            let last = concat(full(0.0, shape = [R, 8, 1, 3]), full(1.0, shape = [R, 8, 1, 1]), axis = 3);
            let whole = concat(upper, last, axis = 2);
            let frame = concat(turn, scaled, axis = 1);
            frames = concat(slice(frames, 0, 1, BLOCKS), unsqueeze(frame, 0), axis = 0);
            sidechain_frames = concat(slice(sidechain_frames, 0, 1, BLOCKS), unsqueeze(whole, 0), axis = 0);
            unnormalized_angles = concat(slice(unnormalized_angles, 0, 1, BLOCKS), unsqueeze(raw, 0), axis = 0);
            angles_ = concat(slice(angles_, 0, 1, BLOCKS), unsqueeze(normal, 0), axis = 0);
            positions = concat(slice(positions, 0, 1, BLOCKS), unsqueeze(atoms, 0), axis = 0);
            states = concat(slice(states, 0, 1, BLOCKS), unsqueeze(single, 0), axis = 0);
        }
        let angles = angles_;
        (frames, sidechain_frames, unnormalized_angles, angles, positions, states, single)
    }
}
