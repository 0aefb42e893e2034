//! From an antibody's residues to its backbone: the encoder, and an ensemble of trained models.

/// AntiBERTy (Ruffolo et al. 2021) and IgFold (Ruffolo et al. 2023) as one program.
#[crease::model]
pub mod antibody {
    use crate::bert::bert::{Encoder, encode_with_maps};
    use crate::igfold::igfold::{IgFold, igfold};

    /// Tokens of a chain, the opening and the closing one included.
    type A = Axis;
    /// Tokens of the other chain.
    type B = Axis;
    /// Residues of all chains.
    type R = Axis;
    /// Width of an encoder's token.
    const C_TOKEN: usize = 512;
    /// Layers of the encoder.
    const ENCODER_LAYERS: usize = 8;
    /// Heads of each.
    const ENCODER_HEADS: usize = 8;
    /// Models of the ensemble.
    const MODELS: usize = 4;

    /// The encoder, and the ensemble.
    pub struct Antibody {
        bert: Encoder,
        models: [IgFold; MODELS],
    }

    /// A chain's tokens and attention maps, without what opens and closes it.
    fn read(
        tokens: Tensor<A>,
        w: Encoder,
    ) -> (Tensor<{ A - 2 }, C_TOKEN>, Tensor<{ ENCODER_LAYERS * ENCODER_HEADS }, { A - 2 }, { A - 2 }>) {
        let (x, maps) = encode_with_maps(tokens, w);
        (slice(x, 0, 1, A - 1), slice(slice(maps, 1, 1, A - 1), 2, 1, A - 1))
    }

    /// What every model says.
    fn ask(
        tokens: Tensor<R, C_TOKEN>,
        maps: Tensor<{ ENCODER_LAYERS * ENCODER_HEADS }, R, R>,
        w: Antibody,
    ) -> (Tensor<MODELS, R, 4, 3>, Tensor<MODELS, R, 4>) {
        let mut coordinates = full(0.0, shape = [MODELS, R, 4, 3]);
        let mut error = full(0.0, shape = [MODELS, R, 4]);
        for model in w.models {
            let (atoms, expected) = igfold(tokens, maps, model);
            // The newest stands last: after all models the zeros are gone.
            coordinates = concat(slice(coordinates, 0, 1, MODELS), unsqueeze(atoms, 0), axis = 0);
            error = concat(slice(error, 0, 1, MODELS), unsqueeze(expected, 0), axis = 0);
        }
        (coordinates, error)
    }

    /// N, CA, C and CB of each residue in ångströms, and the error expected of each, by every model.
    pub fn antibody_chain(
        tokens: Tensor<A>,
        w: Antibody,
    ) -> (Tensor<MODELS, { A - 2 }, 4, 3>, Tensor<MODELS, { A - 2 }, 4>) {
        let (x, maps) = read(tokens, w.bert);
        let (coordinates, error) = ask(x, maps, w);
        (coordinates, error)
    }

    /// The same for two chains, which the encoder reads apart: their maps stand on the diagonal.
    pub fn antibody_pair(
        first: Tensor<A>,
        second: Tensor<B>,
        w: Antibody,
    ) -> (Tensor<MODELS, { A + B - 4 }, 4, 3>, Tensor<MODELS, { A + B - 4 }, 4>) {
        let (x, maps) = read(first, w.bert);
        let (y, other_maps) = read(second, w.bert);
        let tokens = concat(x, y, axis = 0);
        let right = full(0.0, shape = [ENCODER_LAYERS * ENCODER_HEADS, A - 2, B - 2]);
        let left = full(0.0, shape = [ENCODER_LAYERS * ENCODER_HEADS, B - 2, A - 2]);
        let upper = concat(maps, right, axis = 2);
        let lower = concat(left, other_maps, axis = 2);
        let both = concat(upper, lower, axis = 1);
        let (coordinates, error) = ask(tokens, both, w);
        (coordinates, error)
    }
}
